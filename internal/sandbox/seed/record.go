package seed

import (
	"strings"

	"trailctl/internal/sandbox/cloudtrail"
)

// failureRate is how many calls of a hundred fail.
const failureRate = 5

// callRecord is the record of an API call.
func (d *draw) callRecord(who *actor, what *action) cloudtrail.Record {
	address, agent := d.origin(who)
	r := d.base(address, agent)
	r.UserIdentity = d.identity(who)
	r.EventSource, r.EventName, r.ReadOnly = what.source+".amazonaws.com", what.name, what.readOnly
	r.AWSRegion = d.region()
	if what.global {
		r.AWSRegion = d.m.globalRegion()
	}
	r.RequestParameters = what.request(d)
	r.RequestID = d.uuid()
	if agent == awsCLI {
		r.UserAgent += what.source + "." + what.name
	}
	target := ""
	if what.resource != nil {
		var kind string
		kind, target = what.resource(d, r.RequestParameters)
		r.Resources = []cloudtrail.RecordResource{{AccountID: d.account(), Type: kind, ARN: target}}
	}
	if who.kind == user || who.kind == role {
		r.TLSDetails = &cloudtrail.TLSDetails{
			TLSVersion: "TLSv1.3", CipherSuite: "TLS_AES_128_GCM_SHA256", ProvidedHost: host(what, r.AWSRegion),
		}
	}
	if len(what.failures) > 0 && who.kind != service && d.chance(failureRate) {
		f := pick(d, what.failures...)
		r.ErrorCode = f.code
		r.ErrorMessage = strings.NewReplacer("%u", r.UserIdentity.ARN, "%r", orAny(target)).Replace(f.message)
		return r
	}
	if what.response != nil {
		r.ResponseElements = what.response(d, r.RequestParameters)
	}
	return r
}

func orAny(arn string) string {
	if arn == "" {
		return "*"
	}
	return arn
}

// host is the host name that a client asked.
func host(what *action, region string) string {
	if what.global {
		return what.source + ".amazonaws.com"
	}
	return what.source + "." + region + ".amazonaws.com"
}

// base is what all records have.
func (d *draw) base(address, agent string) cloudtrail.Record {
	return cloudtrail.Record{
		EventVersion: cloudtrail.EventVersion, EventTime: d.at.Format("2006-01-02T15:04:05Z"),
		SourceIPAddress: address, UserAgent: agent, EventID: d.uuid(), EventType: "AwsApiCall",
		ManagementEvent: true, RecipientAccountID: d.account(), EventCategory: cloudtrail.Management,
	}
}

// loginFailures is how many sign-ins of a hundred fail.
const loginFailures = 12

// consoleLogin is the record of somebody who signs in to the console.
func (d *draw) consoleLogin() cloudtrail.Record {
	name := pick(d, people...)
	who := &actor{name: name, agents: []string{firefox, chrome}, addresses: append(office, home...)}
	r := d.signIn(who)
	r.UserIdentity = d.userIdentity(name)
	r.UserIdentity.AccessKeyID = ""
	if d.chance(loginFailures) {
		r.ErrorMessage = "Failed authentication"
		r.ResponseElements = params{"ConsoleLogin": "Failure"}
	}
	return r
}

func (d *draw) signIn(who *actor) cloudtrail.Record {
	address, agent := d.origin(who)
	r := d.base(address, agent)
	r.EventSource, r.EventName, r.EventType = "signin.amazonaws.com", "ConsoleLogin", "AwsConsoleSignIn"
	r.AWSRegion = d.m.globalRegion()
	r.ResponseElements = params{"ConsoleLogin": "Success"}
	r.AdditionalData = params{
		"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No",
		"MFAUsed": pick(d, "Yes", "Yes", "Yes", "No"),
	}
	return r
}

// rootRecord is one of the two records of the root user.
func (d *draw) rootRecord(i int) cloudtrail.Record {
	who := &actor{name: "root", agents: []string{firefox}, addresses: home}
	r := d.signIn(who)
	if i%2 != d.m.plan.Events*2/5%2 {
		r = d.callRecord(who, getAccountSummary)
		r.FromConsole = "true"
		r.ErrorCode, r.ErrorMessage = "", ""
	}
	r.UserIdentity = d.rootIdentity()
	return r
}
