package cli

import (
	"strings"

	"github.com/urfave/cli/v2"

	"trailctl/internal/awsconf"
	"trailctl/logs"
)

// hideOwnFlag is for commands that would show the calls they make themselves.
func hideOwnFlag(to *bool) cli.Flag {
	return &cli.BoolFlag{
		Name: "hide-own", Category: "Filter", Destination: to,
		Usage: "leave out the calls with which trailctl reads: those that change nothing and have app/" + awsconf.AppID +
			" (or your own AWS_SDK_UA_APP_ID) in their user agent",
	}
}

// isOwn tells whether a record is of a call with which this program, or
// another one of that application ID, has read something. What changes
// something is never hidden: anybody can write this into a user agent.
func isOwn(r *logs.Record, agent string) bool {
	readOnly, known := r.ReadOnly()
	if !readOnly || !known {
		return false
	}
	for word := range strings.FieldsSeq(strings.Trim(r.UserAgent(), "[]")) {
		if word == agent {
			return true
		}
	}
	return false
}
