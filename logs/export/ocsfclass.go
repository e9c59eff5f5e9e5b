package export

import "strings"

// class is what an event is: the schema's class and activity.
type class struct {
	class    int
	activity int
	name     string // of the call
}

// The activities of the class API Activity, and of Authentication.
const (
	activityUnknown = 0
	activityCreate  = 1
	activityRead    = 2
	activityUpdate  = 3
	activityDelete  = 4
	activityLogon   = 1
	activityLogoff  = 2
	activityOther   = 99
)

// classify tells sign-ins and new sessions from other calls.
func (e *event) classify() class {
	name, source := asText(e.name), asText(e.source)
	c := class{class: classAuthentication, activity: activityOther, name: name}
	switch {
	case source == "sts.amazonaws.com" && newSession(name):
		c.activity = activityLogon
	case strings.HasSuffix(source, "signin.amazonaws.com"), asText(e.kind) == "AwsConsoleSignIn":
		switch name {
		case "ConsoleLogin", "UserAuthentication", "Federate", "SwitchRole", "RenewRole":
			c.activity = activityLogon
		case "Logout", "SignOut", "ExitRole", "UserLogout":
			c.activity = activityLogoff
		case "":
			c.activity = activityUnknown
		}
	default:
		c.class, c.activity = classAPI, e.activity(name)
	}
	return c
}

// newSession: the calls of STS that give credentials.
func newSession(name string) bool {
	switch name {
	case "AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "AssumeRoot", "GetSessionToken", "GetFederationToken":
		return true
	}
	return false
}

// activity guesses what a call does from the verb that its name begins with.
// That it only reads, the record tells.
func (e *event) activity(name string) int {
	is, known := boolean(e.readOnly)
	switch {
	case name == "":
		return activityUnknown
	case asText(e.kind) == "AwsCloudTrailInsight":
		return activityOther
	case known && is == 1:
		return activityRead
	}
	return verbs(verb(name))
}

// verb is the first word of a name: "Run" of RunInstances.
func verb(name string) string {
	for i := 1; i < len(name); i++ {
		if name[i] >= 'A' && name[i] <= 'Z' {
			return name[:i]
		}
	}
	return name
}

func verbs(verb string) int {
	switch verb {
	case "Get", "List", "Describe", "Head", "Lookup", "Search", "Select", "Query", "Scan", "View", "Read",
		"Check", "Discover", "Preview", "Poll", "Receive", "Filter", "Estimate", "Simulate", "Download", "Validate", "Verify":
		return activityRead
	case "Create", "Run", "Allocate", "Register", "Import", "Copy", "Generate", "Request", "Issue", "Upload", "Provision", "Restore", "Purchase":
		return activityCreate
	case "Delete", "Terminate", "Remove", "Deregister", "Release", "Destroy", "Purge", "Revoke":
		return activityDelete
	case "Update", "Put", "Modify", "Set", "Attach", "Detach", "Associate", "Disassociate", "Enable", "Disable",
		"Start", "Stop", "Tag", "Untag", "Change", "Add", "Reset", "Reboot", "Authorize", "Apply", "Replace",
		"Edit", "Move", "Rename", "Cancel", "Complete", "Accept", "Reject", "Subscribe", "Unsubscribe", "Assign", "Unassign":
		return activityUpdate
	}
	return activityOther
}

// caption is the schema's name of the activity.
func (c class) caption() string {
	switch {
	case c.activity == activityOther:
		return "Other"
	case c.activity == activityUnknown:
		return "Unknown"
	case c.class == classAuthentication:
		return [...]string{activityLogon: "Logon", activityLogoff: "Logoff"}[c.activity]
	}
	return [...]string{activityCreate: "Create", activityRead: "Read", activityUpdate: "Update", activityDelete: "Delete"}[c.activity]
}

// activityName is the caption or, where the schema has none, the call's name.
func (c class) activityName() string {
	if c.activity == activityOther && c.name != "" {
		return c.name
	}
	return c.caption()
}
