package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"trailctl/internal/shell"
)

// script writes commands of the AWS CLI. Every argument is one JSON document:
// the CLI then neither splits values nor reads files that they name, and one
// rule of quoting is enough for the shell.
type script struct {
	source Source
	b      bytes.Buffer
}

const scriptHead = `#!/usr/bin/env bash
# Makes a CloudTrail trail and what stands around it, as trailctl found them.
# Run it where none of these things exists; it stops at the first failure.
%sset -euo pipefail

# CloudTrail and S3 see new policies, topics and roles late, up to about a
# minute: what they refuse is tried again.
retry() {
  local wait
  for wait in 1 2 4 8 15 15 15; do
    "$@" && return
    echo "waiting ${wait}s, then again" >&2
    sleep "${RETRY_WAIT:-$wait}"
  done
  "$@"
}
`

func writeCLI(s Source) (string, error) {
	c := &script{source: s}
	var notices strings.Builder
	for _, n := range comments(s, CLI) {
		fmt.Fprintf(&notices, "# %s\n", oneLine(n))
	}
	fmt.Fprintf(&c.b, scriptHead, notices.String())
	if s.ownBucket() {
		c.bucket()
	}
	if s.ownTopic() {
		c.topic()
	}
	if s.ownGroup() {
		c.group()
	}
	if s.ownRole() {
		c.role()
	}
	if s.ownBucket() {
		c.notifications()
	}
	c.trail()
	return c.b.String(), nil
}

// call writes one command.
func (c *script) call(region, service, operation string, input any) {
	c.command("aws", region, service, operation, input)
}

func (c *script) command(first, region, service, operation string, input any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	e.Encode(input) // maps, lists, texts and numbers
	fmt.Fprintf(&c.b, "%s %s %s --region %s --cli-input-json %s >/dev/null\n",
		first, service, operation, shell.Quote(region), shell.Verbatim(visible(strings.TrimSpace(b.String()), jsonEscape)))
}

func (c *script) heading(text string) { fmt.Fprintf(&c.b, "\n# %s\n", text) }

type in map[string]any

func (c *script) bucket() {
	b, region := c.source.Bucket, c.source.bucketRegion()
	extra := c.source.Extra
	if extra == nil {
		extra = &BucketExtra{}
	}
	c.heading("The bucket")
	create := in{"Bucket": b.Name}
	if region != "us-east-1" { // which must not be named: S3 API reference, CreateBucket
		create["CreateBucketConfiguration"] = in{"LocationConstraint": region}
	}
	if o := b.Settings.Ownership; o != "" {
		create["ObjectOwnership"] = o
	}
	if extra.Lock != nil {
		create["ObjectLockEnabledForBucket"] = true
	}
	c.call(region, "s3api", "create-bucket", create)
	if a := b.Settings.PublicAccess; a != nil {
		c.call(region, "s3api", "put-public-access-block", in{"Bucket": b.Name, "PublicAccessBlockConfiguration": in{
			"BlockPublicAcls": a.BlockPublicACLs, "IgnorePublicAcls": a.IgnorePublicACLs,
			"BlockPublicPolicy": a.BlockPublicPolicy, "RestrictPublicBuckets": a.RestrictPublicBuckets,
		}})
	} else {
		c.call(region, "s3api", "delete-public-access-block", in{"Bucket": b.Name})
	}
	if o := b.Settings.Ownership; o != "" {
		c.call(region, "s3api", "put-bucket-ownership-controls", in{"Bucket": b.Name, "OwnershipControls": in{"Rules": []any{in{"ObjectOwnership": o}}}})
	}
	if e := b.Settings.Encryption; e != "" {
		by := in{"SSEAlgorithm": e}
		if extra.KMSKey != "" {
			by["KMSMasterKeyID"] = extra.KMSKey
		}
		rule := in{"ApplyServerSideEncryptionByDefault": by}
		if extra.BucketKey {
			rule["BucketKeyEnabled"] = true
		}
		c.call(region, "s3api", "put-bucket-encryption", in{"Bucket": b.Name, "ServerSideEncryptionConfiguration": in{"Rules": []any{rule}}})
	}
	if v := extra.Versioning; v != "" {
		c.call(region, "s3api", "put-bucket-versioning", in{"Bucket": b.Name, "VersioningConfiguration": in{"Status": v}})
	}
	if l := extra.Lock; l != nil && l.Mode != "" {
		retention := in{"Mode": l.Mode}
		if l.Days > 0 {
			retention["Days"] = l.Days
		}
		if l.Years > 0 {
			retention["Years"] = l.Years
		}
		c.call(region, "s3api", "put-object-lock-configuration", in{"Bucket": b.Name, "ObjectLockConfiguration": in{
			"ObjectLockEnabled": "Enabled", "Rule": in{"DefaultRetention": retention},
		}})
	}
	if t := settable(extra.Tags); len(t) > 0 {
		c.call(region, "s3api", "put-bucket-tagging", in{"Bucket": b.Name, "Tagging": in{"TagSet": tagList(t)}})
	}
	if l := extra.Logging; l != nil {
		c.call(region, "s3api", "put-bucket-logging", in{"Bucket": b.Name, "BucketLoggingStatus": in{"LoggingEnabled": in{"TargetBucket": l.Bucket, "TargetPrefix": l.Prefix}}})
	}
	if b.Policy != "" {
		c.retried(region, "s3api", "put-bucket-policy", in{"Bucket": b.Name, "Policy": b.Policy})
	}
}

// retried writes one command that is tried again when it fails.
func (c *script) retried(region, service, operation string, input any) {
	c.command("retry aws", region, service, operation, input)
}

func (c *script) topic() {
	t, region := c.source.Topic, c.source.topicRegion()
	c.heading("The topic")
	create := in{"Name": t.Name}
	if set := topicSettings(t); len(set) > 0 {
		create["Attributes"] = set
	}
	if tags := settable(t.Tags); len(tags) > 0 {
		create["Tags"] = tagList(tags)
	}
	c.call(region, "sns", "create-topic", create)
	if t.Policy != "" {
		c.retried(region, "sns", "set-topic-attributes", in{"TopicArn": t.ARN, "AttributeName": "Policy", "AttributeValue": t.Policy})
	}
}

func (c *script) group() {
	g, region := c.source.Group, c.source.Trail.HomeRegion
	c.heading("The log group")
	create := in{"logGroupName": g.Name}
	if g.KMSKey != "" {
		create["kmsKeyId"] = g.KMSKey
	}
	if ofClass(g) {
		create["logGroupClass"] = g.Class
	}
	if tags := settable(g.Tags); len(tags) > 0 {
		create["tags"] = tags
	}
	c.call(region, "logs", "create-log-group", create)
	if g.Retention > 0 {
		c.retried(region, "logs", "put-retention-policy", in{"logGroupName": g.Name, "retentionInDays": g.Retention})
	}
}

func (c *script) role() {
	r, region := c.source.Role, c.source.Trail.HomeRegion
	c.heading("The role with which CloudTrail writes to it")
	create := in{"RoleName": r.Name, "AssumeRolePolicyDocument": r.Trust}
	if r.Path != "" {
		create["Path"] = r.Path
	}
	if r.Description != "" {
		create["Description"] = r.Description
	}
	if r.Boundary != "" {
		create["PermissionsBoundary"] = r.Boundary
	}
	if longSessions(r) {
		create["MaxSessionDuration"] = r.MaxSession
	}
	if tags := settable(r.Tags); len(tags) > 0 {
		create["Tags"] = tagList(tags)
	}
	c.call(region, "iam", "create-role", create)
	for _, name := range slices.Sorted(maps.Keys(r.Inline)) {
		c.retried(region, "iam", "put-role-policy", in{"RoleName": r.Name, "PolicyName": name, "PolicyDocument": r.Inline[name]})
	}
	for _, attached := range r.Attached {
		c.retried(region, "iam", "attach-role-policy", in{"RoleName": r.Name, "PolicyArn": attached})
	}
}

// notifications are written without a test of their destinations, which need
// not exist in an account where everything is new.
func (c *script) notifications() {
	n := c.source.Bucket.Notifications
	if n == nil || len(n.Entries()) == 0 && !n.EventBridge() {
		return
	}
	config := in{}
	if n.EventBridge() {
		config["EventBridgeConfiguration"] = in{}
	}
	add := func(list string, entry in) {
		have, _ := config[list].([]any)
		config[list] = append(have, entry)
	}
	for _, e := range n.Entries() {
		entry := in{"Events": e.Events}
		if e.ID != "" {
			entry["Id"] = e.ID
		}
		var rules []any
		if e.Prefix != "" {
			rules = append(rules, in{"Name": "prefix", "Value": e.Prefix})
		}
		if e.Suffix != "" {
			rules = append(rules, in{"Name": "suffix", "Value": e.Suffix})
		}
		if len(rules) > 0 {
			entry["Filter"] = in{"Key": in{"FilterRules": rules}}
		}
		switch e.Kind {
		case "queue":
			entry["QueueArn"] = e.Destination
			add("QueueConfigurations", entry)
		case "function":
			entry["LambdaFunctionArn"] = e.Destination
			add("LambdaFunctionConfigurations", entry)
		default:
			entry["TopicArn"] = e.Destination
			add("TopicConfigurations", entry)
		}
	}
	c.heading("The bucket's event notifications")
	c.retried(c.source.bucketRegion(), "s3api", "put-bucket-notification-configuration", in{
		"Bucket": c.source.Bucket.Name, "NotificationConfiguration": config, "SkipDestinationValidation": true,
	})
}

func (c *script) trail() {
	s, t, region := c.source, c.source.Trail, c.source.Trail.HomeRegion
	c.heading("The trail")
	create := in{
		"Name": t.Name, "S3BucketName": t.Bucket, "IncludeGlobalServiceEvents": t.GlobalServiceEvents,
		"IsMultiRegionTrail": t.MultiRegion, "IsOrganizationTrail": t.Organization, "EnableLogFileValidation": t.LogFileValidation,
	}
	for key, value := range map[string]string{
		"S3KeyPrefix": t.Prefix, "SnsTopicName": s.topicName(), "CloudWatchLogsLogGroupArn": groupTarget(s),
		"CloudWatchLogsRoleArn": t.LogRoleARN, "KmsKeyId": t.KMSKey,
	} {
		if value != "" {
			create[key] = value
		}
	}
	if tags := settable(s.Tags); len(tags) > 0 {
		create["TagsList"] = trailTags(tags)
	}
	c.retried(region, "cloudtrail", "create-trail", create)
	if selectors := c.selectors(); selectors != nil {
		c.retried(region, "cloudtrail", "put-event-selectors", selectors)
	}
	if i := s.Insights; i != nil && len(i.Selectors) > 0 {
		var list []any
		for _, one := range i.Selectors {
			entry := in{"InsightType": string(one.InsightType)}
			if len(one.EventCategories) > 0 {
				entry["EventCategories"] = one.EventCategories
			}
			list = append(list, entry)
		}
		c.retried(region, "cloudtrail", "put-insight-selectors", in{"TrailName": t.Name, "InsightSelectors": list})
	}
	if s.Logging {
		c.retried(region, "cloudtrail", "start-logging", in{"Name": t.Name})
	}
}

func (c *script) selectors() in {
	sel := c.source.Selectors
	if sel == nil || c.source.defaultSelectors() {
		return nil
	}
	input := in{"TrailName": c.source.Trail.Name}
	var list []any
	for _, s := range sel.Basic {
		entry := in{"ReadWriteType": readWrite(s), "IncludeManagementEvents": includesManagement(s)}
		if len(s.ExcludeManagementEventSources) > 0 {
			entry["ExcludeManagementEventSources"] = s.ExcludeManagementEventSources
		}
		var data []any
		for _, d := range s.DataResources {
			data = append(data, in{"Type": aws.ToString(d.Type), "Values": d.Values})
		}
		if len(data) > 0 {
			entry["DataResources"] = data
		}
		list = append(list, entry)
	}
	if len(list) > 0 {
		input["EventSelectors"] = list
		return input
	}
	for _, s := range sel.Advanced {
		entry := in{}
		if s.Name != nil {
			entry["Name"] = *s.Name
		}
		var fields []any
		for _, f := range s.FieldSelectors {
			field := in{"Field": aws.ToString(f.Field)}
			for name, values := range map[string][]string{
				"Equals": f.Equals, "NotEquals": f.NotEquals, "StartsWith": f.StartsWith,
				"NotStartsWith": f.NotStartsWith, "EndsWith": f.EndsWith, "NotEndsWith": f.NotEndsWith,
			} {
				if len(values) > 0 {
					field[name] = values
				}
			}
			fields = append(fields, field)
		}
		entry["FieldSelectors"] = fields
		list = append(list, entry)
	}
	input["AdvancedEventSelectors"] = list
	return input
}

// trailTags leaves out values that are empty: CloudTrail's are one character
// at least, if they are there (CloudTrail API reference, Tag).
func trailTags(tags map[string]string) []any {
	list := tagList(tags)
	for _, tag := range list {
		if tag.(in)["Value"] == "" {
			delete(tag.(in), "Value")
		}
	}
	return list
}

func tagList(tags map[string]string) []any {
	var list []any
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, in{"Key": k, "Value": tags[k]})
	}
	return list
}
