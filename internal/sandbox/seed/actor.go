package seed

import (
	"fmt"
	"time"

	"trailctl/internal/sandbox/cloudtrail"
)

// kind says how an actor's userIdentity looks.
type kind int

const (
	user    kind = iota // an IAM user with an access key
	role                // somebody who assumed a role
	linked              // a service with a service-linked role
	service             // a service by itself
)

// actor is somebody who makes calls.
type actor struct {
	name       string // user, role or service principal
	kind       kind
	day, night int // how often, in working hours and else
	agents     []string
	addresses  []string // fmt formats with one number of 1 to 254
	sessions   []string // of roles
	work       []task
}

// task is an action and how often an actor does it.
type task struct {
	*action
	weight int
}

const (
	awsCLI    = "aws-cli/2.31.11 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0-1035 md/arch#x86_64 lang/python#3.13.7 md/pyimpl#CPython m/E,b,Z cfg/retry-mode#standard md/installer#exe md/command#"
	boto3     = "Boto3/1.40.52 md/Botocore#1.40.52 ua/2.1 os/linux#5.10.245 md/arch#x86_64 lang/python#3.12.11 md/pyimpl#CPython m/b,Z cfg/retry-mode#legacy Botocore/1.40.52"
	terraform = "APN/1.0 HashiCorp/1.0 Terraform/1.13.4 (+https://www.terraform.io) terraform-provider-aws/6.17.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.39.3 ua/2.1 os/linux lang/go#1.24.9"
	goSDK     = "aws-sdk-go-v2/1.39.3 ua/2.1 os/linux lang/go#1.25.3 md/GOOS#linux md/GOARCH#arm64 m/E,g"
	javaSDK   = "aws-sdk-java/2.35.10 md/io#sync md/http#Apache ua/2.1 os/Linux#5.10.245 lang/java#21.0.8 md/OpenJDK_64-Bit_Server_VM"
	firefox   = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
	chrome    = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)

// The addresses are from the ranges for documentation (RFC 5737, RFC 3849).
var (
	office = []string{"203.0.113.%d"}
	home   = []string{"198.51.100.%d", "2001:db8:17:%d::25"}
	cloud  = []string{"192.0.2.%d"}
)

// actors are the people, roles and services of the account.
var actors = []actor{
	{name: "alice", kind: user, day: 10, night: 2, agents: []string{awsCLI, firefox}, addresses: append(office, home...),
		work: []task{{createUser, 2}, {attachPolicy, 2}, {listUsers, 6}, {getAccountSummary, 3}, {createKey, 1}, {describeInstances, 8},
			{describeTrails, 4}, {getTrailStatus, 3}, {lookupEvents, 3}, {listBuckets, 5}, {getBucketPolicy, 3}, {putBucketPolicy, 1}, {assumeRole, 6}, {getCallerIdentity, 6}}},
	{name: "bob", kind: user, day: 12, night: 1, agents: []string{awsCLI, boto3}, addresses: office,
		work: []task{{describeInstances, 12}, {runInstances, 3}, {stopInstances, 2}, {terminateInstances, 1}, {describeSecurityGroups, 6},
			{authorizeIngress, 1}, {getFunction, 5}, {updateFunction, 3}, {describeAlarms, 4}, {describeTable, 4}, {listBuckets, 4}, {getCallerIdentity, 5}, {assumeRole, 4}}},
	{name: "carol", kind: user, day: 6, night: 1, agents: []string{chrome, boto3}, addresses: append(home, office...),
		work: []task{{listBuckets, 8}, {getBucketLocation, 6}, {describeTable, 3}, {describeDBs, 3}, {decrypt, 4}, {getCallerIdentity, 2}}},
	{name: "dave", kind: user, day: 3, night: 2, agents: []string{awsCLI}, addresses: home,
		work: []task{{describeInstances, 6}, {listUsers, 2}, {getSecret, 2}, {createKey, 1}, {listBuckets, 3}, {getCallerIdentity, 4}}},
	{name: "backup-agent", kind: user, day: 2, night: 9, agents: []string{javaSDK}, addresses: cloud,
		work: []task{{createSnapshot, 8}, {describeVolumes, 10}, {createDBSnapshot, 3}, {describeDBs, 5}, {generateDataKey, 8}}},
	{name: "deploy", kind: role, day: 12, night: 3, agents: []string{terraform, goSDK}, addresses: cloud, sessions: []string{"GitHubActions", "release-pipeline"},
		work: []task{{getRole, 10}, {createRole, 1}, {attachPolicy, 1}, {updateFunction, 4}, {getFunction, 8}, {createBucket, 1}, {getBucketLocation, 8},
			{getBucketPolicy, 6}, {describeSecurityGroups, 8}, {createTable, 1}, {describeTable, 6}, {createLogGroup, 2}, {putMetricAlarm, 2}, {describeAlarms, 4}, {describeDBs, 3}}},
	{name: "app-server", kind: role, day: 18, night: 12, agents: []string{javaSDK, goSDK}, addresses: cloud, sessions: []string{"i-0f3c1d2e4b5a69788", "i-0a9b8c7d6e5f41302", "i-07766554433221100"},
		work: []task{{decrypt, 16}, {generateDataKey, 8}, {getSecret, 8}, {getParameter, 10}, {describeInstances, 3}, {createLogStream, 4}, {assumeRole, 3}}},
	{name: "orders-function", kind: role, day: 14, night: 8, agents: []string{boto3}, addresses: cloud, sessions: []string{"orders", "invoices"},
		work: []task{{decrypt, 10}, {createLogStream, 12}, {getParameter, 8}, {describeTable, 3}}},
	{name: "audit", kind: role, day: 3, night: 2, agents: []string{boto3}, addresses: office, sessions: []string{"carol", "nightly-audit"},
		work: []task{{getAccountSummary, 3}, {listUsers, 5}, {getBucketPolicy, 8}, {describeTrails, 5}, {getTrailStatus, 5}, {describeSecurityGroups, 6}, {lookupEvents, 4}}},
	{name: "autoscaling.amazonaws.com", kind: linked, day: 6, night: 6, sessions: []string{"AutoScaling"},
		work: []task{{describeInstances, 10}, {runInstances, 2}, {terminateInstances, 2}, {describeSecurityGroups, 3}}},
	{name: "lambda.amazonaws.com", kind: service, day: 5, night: 5, work: []task{{assumeRole, 1}}},
	{name: "ec2.amazonaws.com", kind: service, day: 3, night: 3, work: []task{{assumeRole, 1}}},
	{name: "cloudtrail.amazonaws.com", kind: service, day: 4, night: 6, work: []task{{getBucketAcl, 1}}},
	{name: "config.amazonaws.com", kind: service, day: 2, night: 3, work: []task{{assumeRole, 2}, {getBucketAcl, 1}}},
}

func (d *draw) actor(night bool) *actor {
	return &actors[d.weighted(len(actors), func(i int) int {
		if night {
			return actors[i].night
		}
		return actors[i].day
	})]
}

// people are the users who sign in to the console.
var people = []string{"alice", "bob", "carol", "dave"}

func (d *draw) userIdentity(name string) cloudtrail.Identity {
	account := d.m.plan.Account
	return cloudtrail.Identity{
		Type: "IAMUser", PrincipalID: d.m.plan.PrincipalID("AIDA", account, name),
		ARN: "arn:aws:iam::" + account + ":user/" + name, AccountID: account,
		AccessKeyID: "AKIA" + d.m.plan.PrincipalID("", account, "key of "+name)[:16], UserName: name,
	}
}

func (d *draw) rootIdentity() cloudtrail.Identity {
	account := d.m.plan.Account
	return cloudtrail.Identity{Type: "Root", PrincipalID: account, ARN: "arn:aws:iam::" + account + ":root", AccountID: account}
}

// identity is an actor's userIdentity at the moment of a call. Sessions of
// roles begin with the hour.
func (d *draw) identity(a *actor) cloudtrail.Identity {
	switch a.kind {
	case user:
		return d.userIdentity(a.name)
	case service:
		return cloudtrail.Identity{Type: "AWSService", InvokedBy: a.name}
	}
	account, name, path := d.m.plan.Account, a.name, ""
	if a.kind == linked {
		name, path = "AWSServiceRoleFor"+a.sessions[0], "aws-service-role/"+a.name+"/"
	}
	session := pick(d, a.sessions...)
	begun := d.at.Truncate(time.Hour)
	roleID := d.m.plan.PrincipalID("AROA", account, name)
	id := cloudtrail.Identity{
		Type: "AssumedRole", PrincipalID: roleID + ":" + session, AccountID: account,
		ARN:         "arn:aws:sts::" + account + ":assumed-role/" + name + "/" + session,
		AccessKeyID: "ASIA" + d.m.plan.PrincipalID("", account, session+begun.Format(time.RFC3339))[:16],
		SessionContext: map[string]any{
			"sessionIssuer": map[string]any{
				"type": "Role", "principalId": roleID, "arn": "arn:aws:iam::" + account + ":role/" + path + name,
				"accountId": account, "userName": name,
			},
			"attributes": map[string]any{"creationDate": begun.Format(time.RFC3339), "mfaAuthenticated": "false"},
		},
	}
	if a.kind == linked {
		id.InvokedBy, id.AccessKeyID = a.name, ""
	}
	return id
}

// origin is where an actor's call comes from. A person keeps an address for
// a day.
func (d *draw) origin(a *actor) (address, agent string) {
	if a.kind == linked || a.kind == service {
		return a.name, a.name
	}
	number := (d.at.YearDay()*31+len(a.name)*17+d.IntN(3))%250 + 2
	return fmt.Sprintf(pick(d, a.addresses...), number), pick(d, a.agents...)
}
