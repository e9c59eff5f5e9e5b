package export

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// cloudFormation writes a template for a stack in the trail's home region.
// CloudFormation acts on some things inside strings and maps: those are
// refused, because it knows no way to write them plainly.
type cloudFormation struct {
	source    Source
	resources object
}

// The logical names of the resources.
const (
	cfBucket, cfBucketPolicy = "LogBucket", "LogBucketPolicy"
	cfTopic, cfTopicPolicy   = "Topic", "TopicPolicy"
	cfGroup, cfRole, cfTrail = "LogGroup", "LogGroupRole", "Trail"
)

func writeCloudFormation(s Source) (string, error) {
	c := &cloudFormation{source: s}
	notices := comments(s, CloudFormation)
	// A stack is of one region.
	if s.bucketRegion() != s.Trail.HomeRegion {
		c.source.Bucket = nil
	}
	if s.ownTopic() && s.topicRegion() != s.Trail.HomeRegion {
		c.source.Topic = nil
	}
	if err := c.parts(); err != nil {
		return "", err
	}
	if err := inert(c.resources, ""); err != nil {
		return "", err
	}
	var b bytes.Buffer
	for _, n := range notices {
		fmt.Fprintf(&b, "# %s\n", oneLine(n))
	}
	doc := object{
		{"AWSTemplateFormatVersion", "2010-09-09"},
		{"Description", "A CloudTrail trail and what stands around it, as trailctl found it"},
		{"Resources", c.resources},
	}
	writeYAML(&b, doc, 0)
	return b.String(), nil
}

func (c *cloudFormation) parts() error {
	for _, part := range []struct {
		there bool
		write func() error
	}{
		{c.source.ownTopic(), c.topic}, {c.source.ownBucket(), c.bucket}, {c.source.ownGroup(), c.group},
		{c.source.ownRole(), c.role}, {true, c.trail},
	} {
		if part.there {
			if err := part.write(); err != nil {
				return err
			}
		}
	}
	return nil
}

// add adds a resource. What holds log files or events stays when the stack
// goes.
func (c *cloudFormation) add(name, kind string, keep bool, properties object, dependsOn ...string) {
	r := object{{"Type", kind}}
	if keep {
		r.set("DeletionPolicy", "Retain")
		r.set("UpdateReplacePolicy", "Retain")
	}
	r.set("DependsOn", anys(dependsOn))
	r.set("Properties", properties)
	c.resources.set(name, r)
}

func (c *cloudFormation) topic() error {
	t := c.source.Topic
	var p object
	p.set("TopicName", t.Name)
	set := topicSettings(t)
	for _, name := range []string{"DisplayName", topicKey, "SignatureVersion", "TracingConfig"} {
		p.set(name, set[name])
	}
	var logged []any
	for _, f := range feedback {
		to := object{{"Protocol", f.protocol}}
		for _, end := range feedbackEnds {
			to.set(end.attribute, set[f.attribute+end.attribute])
		}
		if len(to) > 1 {
			logged = append(logged, to)
		}
	}
	p.set("DeliveryStatusLogging", logged)
	p.set("Tags", cfTags(t.Tags))
	c.add(cfTopic, "AWS::SNS::Topic", false, p)
	if t.Policy == "" {
		return nil
	}
	doc, err := document("topic "+t.Name, t.Policy)
	if err != nil {
		return err
	}
	c.add(cfTopicPolicy, "AWS::SNS::TopicPolicy", false, object{{"Topics", []any{refTo(cfTopic)}}, {"PolicyDocument", doc}})
	return nil
}

func (c *cloudFormation) bucket() error {
	b, extra := c.source.Bucket, c.source.Extra
	if extra == nil {
		extra = &BucketExtra{}
	}
	var p object
	p.set("BucketName", b.Name)
	if a := b.Settings.PublicAccess; a != nil {
		p.set("PublicAccessBlockConfiguration", object{
			{"BlockPublicAcls", a.BlockPublicACLs}, {"IgnorePublicAcls", a.IgnorePublicACLs},
			{"BlockPublicPolicy", a.BlockPublicPolicy}, {"RestrictPublicBuckets", a.RestrictPublicBuckets},
		})
	}
	if o := b.Settings.Ownership; o != "" {
		p.set("OwnershipControls", object{{"Rules", []any{object{{"ObjectOwnership", o}}}}})
	}
	if e := b.Settings.Encryption; e != "" {
		by := object{{"SSEAlgorithm", e}}
		by.set("KMSMasterKeyID", extra.KMSKey)
		rule := object{{"ServerSideEncryptionByDefault", by}}
		if extra.BucketKey {
			rule.set("BucketKeyEnabled", true)
		}
		p.set("BucketEncryption", object{{"ServerSideEncryptionConfiguration", []any{rule}}})
	}
	if v := extra.Versioning; v != "" {
		p.set("VersioningConfiguration", object{{"Status", v}})
	}
	if l := extra.Lock; l != nil {
		p.set("ObjectLockEnabled", true)
		lock := object{{"ObjectLockEnabled", "Enabled"}}
		if l.Mode != "" {
			retention := object{{"Mode", l.Mode}}
			if l.Days > 0 {
				retention.set("Days", int(l.Days))
			}
			if l.Years > 0 {
				retention.set("Years", int(l.Years))
			}
			lock.set("Rule", object{{"DefaultRetention", retention}})
		}
		p.set("ObjectLockConfiguration", lock)
	}
	if l := extra.Logging; l != nil {
		var to object
		to.set("DestinationBucketName", l.Bucket)
		to.set("LogFilePrefix", l.Prefix)
		p.set("LoggingConfiguration", to)
	}
	notify, toOurs := c.notifications()
	p.set("NotificationConfiguration", notify)
	p.set("Tags", cfTags(extra.Tags))
	var after []string
	if toOurs && c.source.Topic.Policy != "" {
		after = append(after, cfTopicPolicy)
	}
	c.add(cfBucket, "AWS::S3::Bucket", true, p, after...)
	if b.Policy == "" {
		return nil
	}
	doc, err := document("bucket "+b.Name, b.Policy)
	if err != nil {
		return err
	}
	c.add(cfBucketPolicy, "AWS::S3::BucketPolicy", true, object{{"Bucket", refTo(cfBucket)}, {"PolicyDocument", doc}})
	return nil
}

// notifications are written with one event an entry, as CloudFormation wants
// them; it also gives them ids of its own.
func (c *cloudFormation) notifications() (object, bool) {
	n := c.source.Bucket.Notifications
	if n == nil {
		return nil, false
	}
	var topics, queues, functions []any
	toOurs := false
	for _, e := range n.Entries() {
		var filter object
		var rules []any
		for _, r := range []struct{ name, value string }{{"prefix", e.Prefix}, {"suffix", e.Suffix}} {
			if r.value != "" {
				rules = append(rules, object{{"Name", r.name}, {"Value", r.value}})
			}
		}
		if len(rules) > 0 {
			filter = object{{"S3Key", object{{"Rules", rules}}}}
		}
		for _, event := range e.Events {
			entry := object{{"Event", event}}
			switch {
			case e.Kind == "queue":
				entry.set("Queue", e.Destination)
			case e.Kind == "function":
				entry.set("Function", e.Destination)
			case c.source.ownTopic() && e.Destination == c.source.Topic.ARN:
				toOurs = true
				entry.set("Topic", refTo(cfTopic))
			default:
				entry.set("Topic", e.Destination)
			}
			entry.set("Filter", filter)
			switch e.Kind {
			case "queue":
				queues = append(queues, entry)
			case "function":
				functions = append(functions, entry)
			default:
				topics = append(topics, entry)
			}
		}
	}
	var o object
	if n.EventBridge() {
		o.set("EventBridgeConfiguration", object{{"EventBridgeEnabled", true}})
	}
	o.set("TopicConfigurations", topics)
	o.set("QueueConfigurations", queues)
	o.set("LambdaConfigurations", functions)
	return o, toOurs
}

func (c *cloudFormation) group() error {
	g := c.source.Group
	var p object
	p.set("LogGroupName", g.Name)
	if g.Retention > 0 {
		p.set("RetentionInDays", int(g.Retention))
	}
	p.set("KmsKeyId", g.KMSKey)
	if ofClass(g) {
		p.set("LogGroupClass", g.Class)
	}
	p.set("Tags", cfTags(g.Tags))
	c.add(cfGroup, "AWS::Logs::LogGroup", true, p)
	return nil
}

func (c *cloudFormation) role() error {
	r := c.source.Role
	trust, err := document("the trust of role "+r.Name, r.Trust)
	if err != nil {
		return err
	}
	var p object
	p.set("RoleName", r.Name)
	p.set("Path", r.Path)
	p.set("Description", r.Description)
	p.set("PermissionsBoundary", r.Boundary)
	if longSessions(r) {
		p.set("MaxSessionDuration", int(r.MaxSession))
	}
	p.set("AssumeRolePolicyDocument", trust)
	var inline []any
	for _, name := range slices.Sorted(maps.Keys(r.Inline)) {
		doc, err := document("policy "+name+" of role "+r.Name, r.Inline[name])
		if err != nil {
			return err
		}
		inline = append(inline, object{{"PolicyName", name}, {"PolicyDocument", doc}})
	}
	p.set("Policies", inline)
	p.set("ManagedPolicyArns", anys(r.Attached))
	p.set("Tags", cfTags(r.Tags))
	c.add(cfRole, "AWS::IAM::Role", false, p)
	return nil
}

func (c *cloudFormation) trail() error {
	s, t := c.source, c.source.Trail
	var p object
	var after []string
	p.set("TrailName", t.Name)
	if s.ownBucket() {
		p.set("S3BucketName", refTo(cfBucket))
		if s.Bucket.Policy != "" {
			after = append(after, cfBucketPolicy)
		}
	} else {
		p.set("S3BucketName", t.Bucket)
	}
	p.set("S3KeyPrefix", t.Prefix)
	p.set("IsLogging", s.Logging)
	p.set("IsMultiRegionTrail", t.MultiRegion)
	p.set("IsOrganizationTrail", t.Organization)
	p.set("IncludeGlobalServiceEvents", t.GlobalServiceEvents)
	p.set("EnableLogFileValidation", t.LogFileValidation)
	if s.ownTopic() {
		p.set("SnsTopicName", getAtt(cfTopic, "TopicName"))
		if s.Topic.Policy != "" {
			after = append(after, cfTopicPolicy)
		}
	} else {
		p.set("SnsTopicName", t.TopicARN)
	}
	if s.ownGroup() {
		p.set("CloudWatchLogsLogGroupArn", getAtt(cfGroup, "Arn")) // ends in :*
	} else {
		p.set("CloudWatchLogsLogGroupArn", groupTarget(s))
	}
	if s.ownRole() {
		p.set("CloudWatchLogsRoleArn", getAtt(cfRole, "Arn"))
	} else {
		p.set("CloudWatchLogsRoleArn", t.LogRoleARN)
	}
	p.set("KMSKeyId", t.KMSKey)
	c.selectors(&p)
	p.set("Tags", cfTags(s.Tags))
	c.add(cfTrail, "AWS::CloudTrail::Trail", false, p, after...)
	return nil
}

func (c *cloudFormation) selectors(p *object) {
	sel := c.source.Selectors
	if sel != nil && !c.source.defaultSelectors() {
		var basic, advanced []any
		for _, s := range sel.Basic {
			e := object{{"ReadWriteType", readWrite(s)}, {"IncludeManagementEvents", includesManagement(s)}}
			e.set("ExcludeManagementEventSources", anys(s.ExcludeManagementEventSources))
			var data []any
			for _, d := range s.DataResources {
				r := object{{"Type", aws.ToString(d.Type)}}
				r.set("Values", anys(d.Values))
				data = append(data, r)
			}
			e.set("DataResources", data)
			basic = append(basic, e)
		}
		for _, s := range sel.Advanced {
			var e object
			e.set("Name", aws.ToString(s.Name))
			var fields []any
			for _, f := range s.FieldSelectors {
				o := object{{"Field", aws.ToString(f.Field)}}
				o.set("Equals", anys(f.Equals))
				o.set("NotEquals", anys(f.NotEquals))
				o.set("StartsWith", anys(f.StartsWith))
				o.set("NotStartsWith", anys(f.NotStartsWith))
				o.set("EndsWith", anys(f.EndsWith))
				o.set("NotEndsWith", anys(f.NotEndsWith))
				fields = append(fields, o)
			}
			e.set("FieldSelectors", fields)
			advanced = append(advanced, e)
		}
		p.set("EventSelectors", basic)
		p.set("AdvancedEventSelectors", advanced)
	}
	if in := c.source.Insights; in != nil {
		var list []any
		for _, i := range in.Selectors {
			o := object{{"InsightType", string(i.InsightType)}}
			var categories []any
			for _, c := range i.EventCategories {
				categories = append(categories, string(c))
			}
			o.set("EventCategories", categories)
			list = append(list, o)
		}
		p.set("InsightSelectors", list)
	}
}

func refTo(name string) object { return object{{"Ref", ours(name)}} }

func getAtt(name, attribute string) object {
	return object{{"Fn::GetAtt", []any{ours(name), ours(attribute)}}}
}

// ours is a text of our own making, which CloudFormation may act on.
type ours string

func cfTags(tags map[string]string) []any {
	var list []any
	m := settable(tags)
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, object{{"Key", k}, {"Value", m[k]}})
	}
	return list
}

func anys(values []string) []any {
	var list []any
	for _, v := range values {
		list = append(list, v)
	}
	return list
}

// document is a policy as a mapping.
func document(of, raw string) (object, error) {
	v, err := fromJSON(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: the policy of %s: %w", ErrFormat, of, err)
	}
	o, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf("%w: the policy of %s is no JSON object", ErrFormat, of)
	}
	return o, nil
}

// inert refuses what CloudFormation would act on though nobody meant it to:
// dynamic references in strings, and mappings that are intrinsic functions.
func inert(value any, where string) error {
	switch v := value.(type) {
	case object:
		for _, m := range v {
			at := strings.TrimPrefix(where+"."+m.key, ".")
			_, mine := m.value.(ours)
			if list, ok := m.value.([]any); ok && len(list) > 0 {
				_, mine = list[0].(ours)
			}
			if (m.key == "Ref" || m.key == "Fn::Transform" || strings.HasPrefix(m.key, "Fn::")) && !mine {
				return fmt.Errorf("%w: CloudFormation would take %q at %s for a function of its own", ErrFormat, m.key, at)
			}
			if err := inert(m.key, at); err != nil {
				return err
			}
			if err := inert(m.value, at); err != nil {
				return err
			}
		}
	case []any:
		for i, item := range v {
			if err := inert(item, fmt.Sprintf("%s[%d]", where, i)); err != nil {
				return err
			}
		}
	case string:
		if strings.Contains(v, "{{resolve:") {
			return fmt.Errorf("%w: CloudFormation would put a secret in the place of %q at %s", ErrFormat, v, where)
		}
	}
	return nil
}
