package export

import (
	"net/netip"
	"strings"
	"time"

	"trailctl/logs"
)

// OCSFVersion is the version of the Open Cybersecurity Schema Framework. The
// mapping follows the one that its project publishes for CloudTrail and
// Amazon Security Lake ("Event Dossier: Amazon CloudTrail", 1.5.0), in the
// classes API Activity and Authentication with the profiles cloud and
// datetime.
const OCSFVersion = "1.5.0"

// The classes and their categories.
const (
	classAPI            = 6003
	classAuthentication = 3002
)

// unknown stands where the schema wants a value and the record has none.
const unknown = "unknown"

// ocsfWriter writes records as OCSF events.
type ocsfWriter struct {
	raw bool
	object
	event
	paths map[string]bool // of what stands in unmapped
}

// event is a record taken apart: the JSON of its fields.
type event struct {
	time, name, source, region, address, agent, identity, params, response, additional []byte
	errorCode, errorMessage, id, requestID, kind, category, account, version           []byte
	apiVersion, endpoint, resources, insight, readOnly                                 []byte
}

func (e *event) place(name string) *[]byte {
	switch name {
	case "eventTime":
		return &e.time
	case "eventName":
		return &e.name
	case "eventSource":
		return &e.source
	case "awsRegion":
		return &e.region
	case "sourceIPAddress":
		return &e.address
	case "userAgent":
		return &e.agent
	case "userIdentity":
		return &e.identity
	case "requestParameters":
		return &e.params
	case "responseElements":
		return &e.response
	case "additionalEventData":
		return &e.additional
	case "errorCode":
		return &e.errorCode
	case "errorMessage":
		return &e.errorMessage
	case "eventID":
		return &e.id
	case "requestID":
		return &e.requestID
	case "eventType":
		return &e.kind
	case "eventCategory":
		return &e.category
	case "recipientAccountId":
		return &e.account
	case "eventVersion":
		return &e.version
	case "apiVersion":
		return &e.apiVersion
	case "vpcEndpointId":
		return &e.endpoint
	case "resources":
		return &e.resources
	case "insightDetails":
		return &e.insight
	case "readOnly":
		return &e.readOnly
	}
	return nil
}

func (w *ocsfWriter) write(to []byte, f *logs.File, r *logs.Record) ([]byte, bool) {
	from := len(to)
	w.event = event{}
	logs.EachMember(r.Raw, func(name, value []byte) bool {
		if at := w.place(string(name)); at != nil {
			*at = value
		}
		return true
	})
	if isNull(w.name) { // an Insights event has these a level deeper
		w.name = member(w.insight, "eventName")
	}
	if isNull(w.source) {
		w.source = member(w.insight, "eventSource")
	}
	w.buf, w.open = to, w.open[:0]
	w.begin()
	c := w.classify()
	w.classes(c)
	w.when()
	w.number("severity_id", 1)
	w.str("severity", "Informational")
	w.status()
	w.metadata(f)
	w.cloud()
	w.api()
	w.actor(c)
	if c.class == classAuthentication {
		w.authentication()
	}
	w.addresses(c)
	w.unmapped(r, c)
	if w.raw {
		w.quote("raw_data", oneLine(r.Raw))
	}
	w.end()
	w.buf = append(w.buf, '\n')
	return strict(w.buf, from)
}

func (w *ocsfWriter) classes(c class) {
	category := int64(c.class / 1000)
	w.number("category_uid", category)
	name := "API Activity"
	if c.class == classAuthentication {
		w.str("category_name", "Identity & Access Management")
		name = "Authentication"
	} else {
		w.str("category_name", "Application Activity")
	}
	w.number("class_uid", int64(c.class))
	w.str("class_name", name)
	w.number("activity_id", int64(c.activity))
	w.str("activity_name", c.activityName())
	w.number("type_uid", int64(c.class*100+c.activity))
	w.str("type_name", name+": "+c.caption())
}

// when writes the time. The schema wants one: without it is 0.
func (w *ocsfWriter) when() {
	t, err := time.Parse(time.RFC3339, asText(w.time))
	if err != nil {
		w.number("time", 0)
		return
	}
	w.number("time", millis(t))
	w.str("time_dt", t.UTC().Format(time.RFC3339Nano))
}

// status: a call failed when it has an error, a sign-in when it says so.
func (w *ocsfWriter) status() {
	id, name := int64(1), "Success"
	signIn := asText(member(w.response, "ConsoleLogin"))
	switch {
	case asText(w.kind) == "AwsCloudTrailInsight":
		id, name = 0, "Unknown"
	case signIn == "Failure", asText(w.errorCode) != "", asText(w.errorMessage) != "":
		id, name = 2, "Failure"
	}
	w.number("status_id", id)
	w.str("status", name)
	w.text("status_code", w.errorCode)
	w.text("status_detail", w.errorMessage)
}

func (w *ocsfWriter) metadata(f *logs.File) {
	w.in("metadata")
	w.str("version", OCSFVersion)
	w.in("product")
	w.str("name", "CloudTrail")
	w.str("vendor_name", "AWS")
	w.text("version", w.version)
	w.in("feature")
	w.text("name", w.category)
	w.out()
	w.out()
	w.buf = append(w.buf, `,"profiles":["cloud","datetime"]`...)
	w.text("uid", w.id)
	w.text("event_code", w.kind)
	w.text("original_time", w.time)
	w.str("log_provider", "AWS CloudTrail")
	w.str("log_name", f.URI)
	w.out()
}

func (w *ocsfWriter) cloud() {
	w.in("cloud")
	w.str("provider", "AWS")
	w.text("region", w.region)
	w.in("account")
	if w.text("uid", w.account); !isNull(w.account) {
		w.number("type_id", 10)
		w.str("type", "AWS Account")
	}
	w.out()
	w.out()
}

func (w *ocsfWriter) api() {
	w.in("api")
	if isNull(w.name) {
		w.str("operation", unknown)
	} else {
		w.text("operation", w.name)
	}
	w.in("service")
	w.text("name", w.source)
	w.out()
	w.text("version", w.apiVersion)
	if !isNull(w.requestID) { // the schema wants it in a request
		w.in("request")
		w.text("uid", w.requestID)
		w.json("data", w.params)
		w.out()
	}
	w.in("response")
	w.text("error", w.errorCode)
	w.text("error_message", w.errorMessage)
	w.json("data", w.response)
	w.out()
	w.out()
}

// addresses writes from where, to where and with what the call was made, and
// on what.
func (w *ocsfWriter) addresses(c class) {
	w.in("src_endpoint")
	address := asText(w.address)
	ip, err := netip.ParseAddr(address)
	isIP := err == nil && ip.Zone() == ""
	switch {
	case isIP:
		w.str("ip", address)
	case strings.Contains(address, ".") && !strings.Contains(address, " "):
		w.str("domain", address)
	case address != "":
		w.str("name", address)
	}
	w.text("uid", w.endpoint)
	if w.buf[len(w.buf)-1] == '{' && c.class == classAPI {
		w.str("name", unknown)
	}
	w.out()
	w.in("http_request")
	w.text("user_agent", w.agent)
	w.out()
	if c.class == classAPI {
		w.list("resources")
		logs.EachElement(w.resources, func(e []byte) bool {
			w.resource(e)
			return true
		})
		w.done()
	}
	w.list("observables")
	if isIP {
		w.observable("src_endpoint.ip", "IP Address", 2, w.address)
	}
	w.observable("actor.user.name", "User Name", 4, member(w.identity, "userName"))
	w.done()
}

func (w *ocsfWriter) resource(e []byte) {
	arn := member(e, "ARN")
	if isNull(arn) {
		arn = member(e, "arn")
	}
	if isNull(arn) {
		arn = member(e, "ARNPrefix")
	}
	if isNull(arn) { // the schema wants a uid or a name
		return
	}
	w.in("")
	w.text("uid", arn)
	w.text("type", member(e, "type"))
	w.in("owner")
	w.in("account")
	w.text("uid", member(e, "accountId"))
	w.out()
	w.out()
	w.out()
}

func (w *ocsfWriter) observable(name, kind string, id int64, value []byte) {
	if asText(value) == "" {
		return
	}
	w.in("")
	w.str("name", name)
	w.number("type_id", id)
	w.str("type", kind)
	w.text("value", value)
	w.out()
}
