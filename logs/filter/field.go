package filter

import (
	"fmt"
	"slices"
	"strings"

	"trailctl/logs"
)

// recordFields are the fields at the top of a record: "CloudTrail record
// contents" in the user guide, and those of Insights records.
var recordFields = []string{
	"eventTime", "eventVersion", "userIdentity", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
	"userAgent", "errorCode", "errorMessage", "requestParameters", "responseElements", "additionalEventData",
	"requestID", "eventID", "eventType", "apiVersion", "managementEvent", "readOnly", "resources",
	"recipientAccountId", "serviceEventDetails", "sharedEventID", "vpcEndpointId", "vpcEndpointAccountId",
	"eventCategory", "addendum", "sessionCredentialFromConsole", "eventContext", "edgeDeviceDetails",
	"tlsDetails", "insightDetails",
}

// identityFields are the fields of userIdentity: "CloudTrail userIdentity
// element" in the user guide.
var identityFields = []string{
	"type", "userName", "principalId", "arn", "accountId", "accessKeyId", "sessionContext", "invokedBy",
	"identityProvider", "credentialId", "onBehalfOf", "inScopeOf",
}

// guesses are names that people give to fields when they do not have a record
// before their eyes.
var guesses = map[string]string{
	"ip": "sourceIPAddress", "sourceip": "sourceIPAddress", "source_ip": "sourceIPAddress", "ipaddress": "sourceIPAddress",
	"name": "eventName", "action": "eventName", "operation": "eventName", "api": "eventName", "apicall": "eventName",
	"source": "eventSource", "type": "eventType", "request": "requestID",
	"username": "user", "principal": "userIdentity.arn", "arn": "userIdentity.arn", "actor": "identity", "who": "identity",
	"accesskey": "userIdentity.accessKeyId", "accesskeyid": "userIdentity.accessKeyId", "key": "userIdentity.accessKeyId",
	"accountid": "account", "useraccount": "account", "rolename": "role", "rolearn": "requestParameters.roleArn",
	"bucket": "requestParameters.bucketName", "bucketname": "requestParameters.bucketName",
	"instanceid": "requestParameters.instanceId", "resourcearn": "resources[].ARN",
	"agent": "userAgent", "timestamp": "eventTime", "date": "day", "write": "readOnly", "mfa": "additionalEventData.MFAUsed",
	"sessionissuer": "userIdentity.sessionContext.sessionIssuer",
}

// ParseField reads the path of a field, as logs.ParsePath does, and answers one
// that no record has, as far as that can be known, with the one that is
// meant. The "$." and the "." with which metric filters and jq begin a path may
// be there.
func ParseField(name string) (logs.Path, error) {
	name = withoutLead(name)
	if err := checkField(name); err != nil {
		return logs.Path{}, err
	}
	return logs.ParsePath(name)
}

// withoutLead takes off what other languages have before the path of a field.
func withoutLead(s string) string {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "$."); ok {
		return rest
	}
	return strings.TrimPrefix(s, ".")
}

// checkField answers a field that no record has, as far as that can be known,
// with the one that is meant: a filter with a slip in its field would find
// nothing and look like an answer. Quotes around the name turn this off, for
// fields that are newer than this program.
func checkField(field string) error {
	if strings.HasPrefix(field, `"`) {
		return nil
	}
	first, rest, nested := strings.Cut(field, ".")
	name, _, _ := strings.Cut(first, "[")
	if !nested && name == first && slices.Contains(logs.Words(), name) {
		return nil
	}
	if !slices.Contains(recordFields, name) {
		meant := meantBy(name, nested)
		if meant == "" {
			return fmt.Errorf("records have no field %q at their top, and it is none of trailctl's words: %s (docs/filters.md tells of both); a field that is newer than this program stands in double quotes, and all in single ones: '\"%s\"'",
				name, strings.Join(logs.Words(), ", "), name)
		}
		below := strings.TrimPrefix(field, name)
		return unknownField(name, meant+below, `"`+name+`"`+below)
	}
	if name != "userIdentity" || !nested {
		return nil
	}
	second, _, _ := strings.Cut(rest, ".")
	if strings.HasPrefix(second, `"`) || slices.Contains(identityFields, second) {
		return nil
	}
	if meant := nearest(second, identityFields); meant != "" {
		with := func(name string) string { return strings.Replace(field, "."+second, "."+name, 1) }
		return unknownField(second, with(meant), with(`"`+second+`"`))
	}
	return nil
}

func unknownField(name, meant, exact string) error {
	return fmt.Errorf("records have no field %s: did you mean %s? (if not, put the name in double quotes, and all in single ones: '%s')", name, meant, exact)
}

// meantBy is the field that name stands for, or is a slip of; empty when
// there is none.
func meantBy(name string, nested bool) string {
	if meant, ok := guesses[strings.ToLower(name)]; ok && !nested {
		return meant
	}
	known := recordFields
	if !nested {
		known = slices.Concat(recordFields, logs.Words())
	}
	if meant := nearest(name, known); meant != "" {
		return meant
	}
	if nested {
		return ""
	}
	if meant := nearest(name, identityFields); meant != "" {
		return "userIdentity." + meant
	}
	return ""
}

// nearest is the known word that differs from the given one only in case, or
// by the slip of one or two letters.
func nearest(word string, known []string) string {
	best, distance := "", min(3, len(word)/3+1)
	for _, k := range known {
		if strings.EqualFold(k, word) {
			return k
		}
		if d := edits(strings.ToLower(word), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// edits is how many letters must be put in, taken out or changed to make one
// word of the other.
func edits(a, b string) int {
	if len(a) > 2*len(b)+2 || len(b) > 2*len(a)+2 {
		return max(len(a), len(b))
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
