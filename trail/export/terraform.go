package export

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// terraform writes for the AWS provider, version 5 and later. Every label is
// fixed; names of AWS stand in strings only.
type terraform struct {
	file    *hclwrite.File
	source  Source
	imports []tfImport
}

type tfImport struct {
	to hcl.Traversal
	id string
}

func writeTerraform(s Source, o Options) (string, error) {
	t := &terraform{file: hclwrite.NewEmptyFile(), source: s}
	for _, n := range comments(s, Terraform) {
		t.comment(n)
	}
	t.providers()
	if s.ownBucket() {
		t.bucket()
	}
	if s.ownTopic() {
		t.topic()
	}
	if s.ownGroup() {
		t.group()
	}
	if s.ownRole() {
		t.role()
	}
	if s.ownBucket() {
		t.notifications()
	}
	t.trail()
	if o.Import {
		for _, i := range t.imports {
			b := t.block("import")
			b.SetAttributeTraversal("to", i.to)
			text(b, "id", i.id)
		}
	}
	return string(hclwrite.Format(t.file.Bytes())), nil
}

// comment writes a sentence. It is quoted where it names things, so that it
// stays on its line.
func (t *terraform) comment(sentence string) {
	t.file.Body().AppendUnstructuredTokens(hclwrite.Tokens{{
		Type: hclsyntax.TokenComment, Bytes: []byte("# " + oneLine(sentence) + "\n"),
	}})
}

// oneLine keeps a comment on its line, and what a terminal acts on out of it,
// whatever it says.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

func (t *terraform) block(kind string, labels ...string) *hclwrite.Body {
	if len(t.file.Bytes()) > 0 {
		t.file.Body().AppendNewline()
	}
	return t.file.Body().AppendNewBlock(kind, labels).Body()
}

// resource begins a resource in a region, and notes the id under which it can
// be imported.
func (t *terraform) resource(kind, name, region, id string) *hclwrite.Body {
	b := t.block("resource", kind, name)
	if alias := t.alias(region); alias != "" {
		b.SetAttributeTraversal("provider", ref("aws", alias))
	}
	t.imports = append(t.imports, tfImport{ref(kind, name), id})
	return b
}

// alias names the provider of a region that is not the trail's; "" is the
// default provider.
func (t *terraform) alias(region string) string {
	if region == "" || region == t.source.Trail.HomeRegion {
		return ""
	}
	return "in_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, region)
}

func (t *terraform) providers() {
	b := t.block("terraform").AppendNewBlock("required_providers", nil).Body()
	b.SetAttributeValue("aws", cty.ObjectVal(map[string]cty.Value{
		"source": cty.StringVal("hashicorp/aws"), "version": cty.StringVal(">= 5.0"),
	}))
	text(t.block("provider", "aws"), "region", t.source.Trail.HomeRegion)
	var done []string
	for _, region := range []string{t.source.bucketRegion(), t.source.topicRegion()} {
		alias := t.alias(region)
		if alias == "" || slices.Contains(done, alias) {
			continue
		}
		done = append(done, alias)
		b := t.block("provider", "aws")
		text(b, "alias", alias)
		text(b, "region", region)
	}
}

func (t *terraform) bucket() {
	s, name, region := t.source, t.source.Bucket.Name, t.source.bucketRegion()
	b := t.resource("aws_s3_bucket", "logs", region, name)
	text(b, "bucket", name)
	extra := s.Extra
	if extra == nil {
		extra = &BucketExtra{}
	}
	if extra.Lock != nil {
		b.SetAttributeValue("object_lock_enabled", cty.True)
	}
	tags(b, extra.Tags)
	if p := s.Bucket.Settings.PublicAccess; p != nil {
		b := t.bucketPart("aws_s3_bucket_public_access_block")
		b.SetAttributeValue("block_public_acls", cty.BoolVal(p.BlockPublicACLs))
		b.SetAttributeValue("ignore_public_acls", cty.BoolVal(p.IgnorePublicACLs))
		b.SetAttributeValue("block_public_policy", cty.BoolVal(p.BlockPublicPolicy))
		b.SetAttributeValue("restrict_public_buckets", cty.BoolVal(p.RestrictPublicBuckets))
	}
	if o := s.Bucket.Settings.Ownership; o != "" {
		text(t.bucketPart("aws_s3_bucket_ownership_controls").AppendNewBlock("rule", nil).Body(), "object_ownership", o)
	}
	if e := s.Bucket.Settings.Encryption; e != "" {
		rule := t.bucketPart("aws_s3_bucket_server_side_encryption_configuration").AppendNewBlock("rule", nil).Body()
		by := rule.AppendNewBlock("apply_server_side_encryption_by_default", nil).Body()
		text(by, "sse_algorithm", e)
		optional(by, "kms_master_key_id", extra.KMSKey)
		if extra.BucketKey {
			rule.SetAttributeValue("bucket_key_enabled", cty.True)
		}
	}
	if v := extra.Versioning; v != "" {
		text(t.bucketPart("aws_s3_bucket_versioning").AppendNewBlock("versioning_configuration", nil).Body(), "status", v)
	}
	if l := extra.Lock; l != nil && l.Mode != "" {
		rule := t.bucketPart("aws_s3_bucket_object_lock_configuration").AppendNewBlock("rule", nil).Body()
		retention := rule.AppendNewBlock("default_retention", nil).Body()
		text(retention, "mode", l.Mode)
		number(retention, "days", l.Days)
		number(retention, "years", l.Years)
	}
	if l := extra.Logging; l != nil {
		b := t.bucketPart("aws_s3_bucket_logging")
		text(b, "target_bucket", l.Bucket)
		text(b, "target_prefix", l.Prefix)
	}
	if s.Bucket.Policy != "" {
		b := t.bucketPart("aws_s3_bucket_policy")
		policy(b, "policy", s.Bucket.Policy)
		if s.Bucket.Settings.PublicAccess != nil {
			// S3 refuses two writes to a bucket at the same time.
			dependsOn(b, ref("aws_s3_bucket_public_access_block", "logs"))
		}
	}
}

// bucketPart begins a resource that holds one of the bucket's settings.
func (t *terraform) bucketPart(kind string) *hclwrite.Body {
	b := t.resource(kind, "logs", t.source.bucketRegion(), t.source.Bucket.Name)
	b.SetAttributeTraversal("bucket", ref("aws_s3_bucket", "logs", "id"))
	return b
}

func (t *terraform) topic() {
	p, region := t.source.Topic, t.source.topicRegion()
	b := t.resource("aws_sns_topic", "trail", region, p.ARN)
	text(b, "name", p.Name)
	topicArguments(b, topicSettings(p))
	tags(b, p.Tags)
	if p.Policy != "" {
		b := t.resource("aws_sns_topic_policy", "trail", region, p.ARN)
		b.SetAttributeTraversal("arn", ref("aws_sns_topic", "trail", "arn"))
		policy(b, "policy", p.Policy)
	}
}

// topicArguments writes attributes of a topic as the provider calls them.
func topicArguments(b *hclwrite.Body, set map[string]string) {
	optional(b, "display_name", set["DisplayName"])
	optional(b, "kms_master_key_id", set[topicKey])
	optional(b, "delivery_policy", set[deliveryPolicy])
	optional(b, "tracing_config", set["TracingConfig"])
	digits(b, "signature_version", set["SignatureVersion"])
	for _, f := range feedback {
		for _, end := range feedbackEnds {
			write := optional
			if end.attribute == sampleRate {
				write = digits
			}
			write(b, f.argument+end.argument, set[f.attribute+end.attribute])
		}
	}
}

func (t *terraform) group() {
	g := t.source.Group
	b := t.resource("aws_cloudwatch_log_group", "trail", t.source.Trail.HomeRegion, g.Name)
	text(b, "name", g.Name)
	if g.Retention > 0 {
		b.SetAttributeValue("retention_in_days", cty.NumberIntVal(int64(g.Retention)))
	}
	optional(b, "kms_key_id", g.KMSKey)
	if ofClass(g) {
		text(b, "log_group_class", g.Class)
	}
	tags(b, g.Tags)
}

func (t *terraform) role() {
	r := t.source.Role
	b := t.resource("aws_iam_role", "trail", "", r.Name)
	text(b, "name", r.Name)
	optional(b, "path", r.Path)
	optional(b, "description", r.Description)
	optional(b, "permissions_boundary", r.Boundary)
	if longSessions(r) {
		number(b, "max_session_duration", r.MaxSession)
	}
	policy(b, "assume_role_policy", r.Trust)
	tags(b, r.Tags)
	for i, name := range slices.Sorted(maps.Keys(r.Inline)) {
		b := t.resource("aws_iam_role_policy", label("trail", i), "", r.Name+":"+name)
		text(b, "name", name)
		b.SetAttributeTraversal("role", ref("aws_iam_role", "trail", "id"))
		policy(b, "policy", r.Inline[name])
	}
	for i, attached := range r.Attached {
		b := t.resource("aws_iam_role_policy_attachment", label("trail", i), "", r.Name+"/"+attached)
		b.SetAttributeTraversal("role", ref("aws_iam_role", "trail", "name"))
		text(b, "policy_arn", attached)
	}
}

// label numbers resources of one kind, the first without a number.
func label(stem string, i int) string {
	if i == 0 {
		return stem
	}
	return fmt.Sprintf("%s_%d", stem, i+1)
}

func (t *terraform) notifications() {
	n := t.source.Bucket.Notifications
	if n == nil || len(n.Entries()) == 0 && !n.EventBridge() {
		return
	}
	b := t.bucketPart("aws_s3_bucket_notification")
	if n.EventBridge() {
		b.SetAttributeValue("eventbridge", cty.True)
	}
	toOurs := false
	for _, e := range n.Entries() {
		kind, target := "topic", "topic_arn"
		switch e.Kind {
		case "queue":
			kind, target = "queue", "queue_arn"
		case "function":
			kind, target = "lambda_function", "lambda_function_arn"
		}
		entry := b.AppendNewBlock(kind, nil).Body()
		optional(entry, "id", e.ID)
		if t.source.ownTopic() && e.Destination == t.source.Topic.ARN {
			toOurs = true
			entry.SetAttributeTraversal(target, ref("aws_sns_topic", "trail", "arn"))
		} else {
			text(entry, target, e.Destination)
		}
		texts(entry, "events", e.Events)
		optional(entry, "filter_prefix", e.Prefix)
		optional(entry, "filter_suffix", e.Suffix)
	}
	if toOurs && t.source.Topic.Policy != "" {
		dependsOn(b, ref("aws_sns_topic_policy", "trail"))
	}
}

func (t *terraform) trail() {
	s, tr := t.source, t.source.Trail
	b := t.resource("aws_cloudtrail", "trail", "", tr.ARN)
	text(b, "name", tr.Name)
	if s.ownBucket() {
		b.SetAttributeTraversal("s3_bucket_name", ref("aws_s3_bucket", "logs", "id"))
	} else {
		text(b, "s3_bucket_name", tr.Bucket)
	}
	optional(b, "s3_key_prefix", tr.Prefix)
	b.SetAttributeValue("is_multi_region_trail", cty.BoolVal(tr.MultiRegion))
	b.SetAttributeValue("is_organization_trail", cty.BoolVal(tr.Organization))
	b.SetAttributeValue("include_global_service_events", cty.BoolVal(tr.GlobalServiceEvents))
	b.SetAttributeValue("enable_log_file_validation", cty.BoolVal(tr.LogFileValidation))
	b.SetAttributeValue("enable_logging", cty.BoolVal(s.Logging))
	var after []hcl.Traversal
	if s.ownTopic() {
		attribute := "name"
		if s.topicName() != s.Topic.Name {
			attribute = "arn"
		}
		b.SetAttributeTraversal("sns_topic_name", ref("aws_sns_topic", "trail", attribute))
		if s.Topic.Policy != "" {
			after = append(after, ref("aws_sns_topic_policy", "trail"))
		}
	} else {
		optional(b, "sns_topic_name", tr.TopicARN)
	}
	if s.ownGroup() {
		// The provider's attribute lacks the :* that CloudTrail wants.
		b.SetAttributeRaw("cloud_watch_logs_group_arn", template("${aws_cloudwatch_log_group.trail.arn}:*"))
	} else {
		optional(b, "cloud_watch_logs_group_arn", groupTarget(s))
	}
	if s.ownRole() {
		b.SetAttributeTraversal("cloud_watch_logs_role_arn", ref("aws_iam_role", "trail", "arn"))
		for i := range len(s.Role.Inline) {
			after = append(after, ref("aws_iam_role_policy", label("trail", i)))
		}
		for i := range s.Role.Attached {
			after = append(after, ref("aws_iam_role_policy_attachment", label("trail", i)))
		}
	} else {
		optional(b, "cloud_watch_logs_role_arn", tr.LogRoleARN)
	}
	optional(b, "kms_key_id", tr.KMSKey)
	tags(b, s.Tags)
	t.selectors(b)
	if s.ownBucket() && s.Bucket.Policy != "" {
		after = append(after, ref("aws_s3_bucket_policy", "logs"))
	}
	dependsOn(b, after...)
}

func (t *terraform) selectors(b *hclwrite.Body) {
	if sel := t.source.Selectors; sel != nil {
		for _, s := range sel.Basic {
			if t.source.defaultSelectors() {
				break
			}
			e := b.AppendNewBlock("event_selector", nil).Body()
			text(e, "read_write_type", readWrite(s))
			e.SetAttributeValue("include_management_events", cty.BoolVal(includesManagement(s)))
			texts(e, "exclude_management_event_sources", s.ExcludeManagementEventSources)
			for _, d := range s.DataResources {
				r := e.AppendNewBlock("data_resource", nil).Body()
				text(r, "type", aws.ToString(d.Type))
				texts(r, "values", d.Values)
			}
		}
		for _, s := range sel.Advanced {
			e := b.AppendNewBlock("advanced_event_selector", nil).Body()
			optional(e, "name", aws.ToString(s.Name))
			for _, f := range s.FieldSelectors {
				fieldSelector(e.AppendNewBlock("field_selector", nil).Body(), f)
			}
		}
	}
	if in := t.source.Insights; in != nil {
		for _, i := range in.Selectors {
			text(b.AppendNewBlock("insight_selector", nil).Body(), "insight_type", string(i.InsightType))
		}
	}
}

func fieldSelector(b *hclwrite.Body, f types.AdvancedFieldSelector) {
	text(b, "field", aws.ToString(f.Field))
	texts(b, "equals", f.Equals)
	texts(b, "not_equals", f.NotEquals)
	texts(b, "starts_with", f.StartsWith)
	texts(b, "not_starts_with", f.NotStartsWith)
	texts(b, "ends_with", f.EndsWith)
	texts(b, "not_ends_with", f.NotEndsWith)
}

// ref is a reference such as aws_s3_bucket.logs.id.
func ref(root string, attrs ...string) hcl.Traversal {
	t := hcl.Traversal{hcl.TraverseRoot{Name: root}}
	for _, a := range attrs {
		t = append(t, hcl.TraverseAttr{Name: a})
	}
	return t
}

// template is a quoted template of our own making.
func template(s string) hclwrite.Tokens {
	return hclwrite.Tokens{
		{Type: hclsyntax.TokenOQuote, Bytes: []byte(`"`)},
		{Type: hclsyntax.TokenQuotedLit, Bytes: []byte(s)},
		{Type: hclsyntax.TokenCQuote, Bytes: []byte(`"`)},
	}
}

func dependsOn(b *hclwrite.Body, on ...hcl.Traversal) {
	if len(on) == 0 {
		return
	}
	var list []hclwrite.Tokens
	for _, r := range on {
		list = append(list, hclwrite.TokensForTraversal(r))
	}
	b.SetAttributeRaw("depends_on", hclwrite.TokensForTuple(list))
}

func text(b *hclwrite.Body, name, value string) { b.SetAttributeValue(name, cty.StringVal(value)) }

// optional writes what there is.
func optional(b *hclwrite.Body, name, value string) {
	if value != "" {
		text(b, name, value)
	}
}

// number writes a number that is not 0.
func number(b *hclwrite.Body, name string, value int32) {
	if value != 0 {
		b.SetAttributeValue(name, cty.NumberIntVal(int64(value)))
	}
}

// digits writes a number that came as a text, and anything else as a text.
func digits(b *hclwrite.Body, name, value string) {
	if n, err := strconv.ParseInt(value, 10, 32); err == nil {
		b.SetAttributeValue(name, cty.NumberIntVal(n))
		return
	}
	optional(b, name, value)
}

func texts(b *hclwrite.Body, name string, values []string) {
	if len(values) == 0 {
		return
	}
	var list []cty.Value
	for _, v := range values {
		list = append(list, cty.StringVal(v))
	}
	b.SetAttributeValue(name, cty.TupleVal(list))
}

// tags writes those that can be set: AWS keeps keys with aws: for itself.
func tags(b *hclwrite.Body, m map[string]string) {
	values := map[string]cty.Value{}
	for k, v := range settable(m) {
		values[k] = cty.StringVal(v)
	}
	if len(values) > 0 {
		b.SetAttributeValue("tags", cty.MapVal(values))
	}
}

// policy writes JSON as an expression that makes it, or as the text it is
// where that would change it.
func policy(b *hclwrite.Body, name, raw string) {
	value, ok := plainJSON(raw)
	if !ok {
		text(b, name, raw)
		return
	}
	b.SetAttributeRaw(name, hclwrite.TokensForFunctionCall("jsonencode", hclwrite.TokensForValue(value)))
}

// plainJSON reads an object whose values survive jsonencode.
func plainJSON(raw string) (cty.Value, bool) {
	var probe map[string]json.RawMessage
	if json.Unmarshal([]byte(raw), &probe) != nil {
		return cty.NilVal, false
	}
	kind, err := ctyjson.ImpliedType([]byte(raw))
	if err != nil {
		return cty.NilVal, false
	}
	value, err := ctyjson.Unmarshal([]byte(raw), kind)
	return value, err == nil
}
