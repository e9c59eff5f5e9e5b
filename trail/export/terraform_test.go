package export

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// documented are the arguments and blocks of the AWS provider that may be
// written, as its documentation has them for versions 5 and 6. "x/" is a
// block.
var documented = map[string][]string{
	"aws_s3_bucket":                                           {"bucket", "object_lock_enabled", "tags"},
	"aws_s3_bucket_public_access_block":                       {"bucket", "block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets"},
	"aws_s3_bucket_ownership_controls":                        {"bucket", "rule/"},
	"aws_s3_bucket_ownership_controls/rule":                   {"object_ownership"},
	"aws_s3_bucket_server_side_encryption_configuration":      {"bucket", "rule/"},
	"aws_s3_bucket_server_side_encryption_configuration/rule": {"apply_server_side_encryption_by_default/", "bucket_key_enabled"},
	"aws_s3_bucket_server_side_encryption_configuration/rule/apply_server_side_encryption_by_default": {"sse_algorithm", "kms_master_key_id"},
	"aws_s3_bucket_versioning":                                       {"bucket", "versioning_configuration/"},
	"aws_s3_bucket_versioning/versioning_configuration":              {"status"},
	"aws_s3_bucket_logging":                                          {"bucket", "target_bucket", "target_prefix"},
	"aws_s3_bucket_policy":                                           {"bucket", "policy"},
	"aws_s3_bucket_object_lock_configuration":                        {"bucket", "rule/"},
	"aws_s3_bucket_object_lock_configuration/rule":                   {"default_retention/"},
	"aws_s3_bucket_object_lock_configuration/rule/default_retention": {"mode", "days", "years"},
	"aws_s3_bucket_notification":                                     {"bucket", "eventbridge", "topic/", "queue/", "lambda_function/"},
	"aws_s3_bucket_notification/topic":                               {"id", "topic_arn", "events", "filter_prefix", "filter_suffix"},
	"aws_s3_bucket_notification/queue":                               {"id", "queue_arn", "events", "filter_prefix", "filter_suffix"},
	"aws_s3_bucket_notification/lambda_function":                     {"id", "lambda_function_arn", "events", "filter_prefix", "filter_suffix"},
	"aws_sns_topic":                                                  {"name", "display_name", "kms_master_key_id", "delivery_policy", "tracing_config", "signature_version", "http_success_feedback_role_arn", "http_success_feedback_sample_rate", "http_failure_feedback_role_arn", "tags"},
	"aws_sns_topic_policy":                                           {"arn", "policy"},
	"aws_cloudwatch_log_group":                                       {"name", "retention_in_days", "kms_key_id", "log_group_class", "tags"},
	"aws_iam_role":                                                   {"name", "path", "description", "permissions_boundary", "max_session_duration", "assume_role_policy", "tags"},
	"aws_iam_role_policy":                                            {"name", "role", "policy"},
	"aws_iam_role_policy_attachment":                                 {"role", "policy_arn"},
	"aws_cloudtrail": {"name", "s3_bucket_name", "s3_key_prefix", "is_multi_region_trail", "is_organization_trail", "include_global_service_events",
		"enable_log_file_validation", "enable_logging", "sns_topic_name", "cloud_watch_logs_group_arn", "cloud_watch_logs_role_arn", "kms_key_id", "tags",
		"event_selector/", "advanced_event_selector/", "insight_selector/"},
	"aws_cloudtrail/event_selector":                         {"read_write_type", "include_management_events", "exclude_management_event_sources", "data_resource/"},
	"aws_cloudtrail/event_selector/data_resource":           {"type", "values"},
	"aws_cloudtrail/advanced_event_selector":                {"name", "field_selector/"},
	"aws_cloudtrail/advanced_event_selector/field_selector": {"field", "equals", "not_equals", "starts_with", "not_starts_with", "ends_with", "not_ends_with"},
	"aws_cloudtrail/insight_selector":                       {"insight_type"},
}

func parseHCL(t *testing.T, text string) *hclsyntax.Body {
	t.Helper()
	f, diags := hclparse.NewParser().ParseHCL([]byte(text), "x.tf")
	if diags.HasErrors() {
		t.Fatalf("%v\n%s", diags, text)
	}
	return f.Body.(*hclsyntax.Body)
}

func terraformOf(t *testing.T, s Source, o Options) string {
	t.Helper()
	text, err := Write(s, Terraform, o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTerraformArgumentsAreDocumented(t *testing.T) {
	seen := map[string]bool{}
	var check func(path string, b *hclsyntax.Body, meta ...string)
	check = func(path string, b *hclsyntax.Body, meta ...string) {
		if documented[path] == nil {
			t.Errorf("%s is no documented resource or block", path)
		}
		for name := range b.Attributes {
			seen[path+"."+name] = true
			if !slices.Contains(documented[path], name) && !slices.Contains(meta, name) {
				t.Errorf("%s has no argument %s", path, name)
			}
		}
		for _, inner := range b.Blocks {
			seen[path+"."+inner.Type+"/"] = true
			if !slices.Contains(documented[path], inner.Type+"/") {
				t.Errorf("%s has no block %s", path, inner.Type)
			}
			check(path+"/"+inner.Type, inner.Body)
		}
	}
	for _, s := range []Source{full(plain), basic(), settled()} {
		for _, b := range parseHCL(t, terraformOf(t, s, Options{})).Blocks {
			if b.Type == "resource" {
				check(b.Labels[0], b.Body, "depends_on", "provider")
			}
		}
	}
	for path, names := range documented {
		for _, n := range names {
			if !seen[path+"."+n] {
				t.Errorf("%s.%s is never written: the samples do not show it", path, n)
			}
		}
	}
}

// evaluate gives the values of a body's attributes; references become their
// own text.
func evaluate(t *testing.T, b *hclsyntax.Body, out *[]cty.Value) {
	t.Helper()
	ctx := &hcl.EvalContext{Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc}}
	for name, a := range b.Attributes {
		if len(a.Expr.Variables()) > 0 {
			continue
		}
		v, diags := a.Expr.Value(ctx)
		if diags.HasErrors() {
			t.Errorf("%s: %v", name, diags)
			continue
		}
		*out = append(*out, v)
	}
	for _, inner := range b.Blocks {
		evaluate(t, inner.Body, out)
	}
}

func allTexts(values []cty.Value) map[string]bool {
	found := map[string]bool{}
	for _, v := range values {
		cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
			if v.Type() == cty.String && !v.IsNull() {
				found[v.AsString()] = true
			}
			return true, nil
		})
		if v.Type().IsObjectType() || v.Type().IsMapType() {
			for k := range v.AsValueMap() {
				found[k] = true
			}
		}
	}
	return found
}

func TestTerraformKeepsHostileTextsInside(t *testing.T) {
	counts := map[int]bool{}
	for _, h := range hostile {
		s := full(func(text string) string { return text + h })
		body := parseHCL(t, terraformOf(t, s, Options{Import: true}))
		counts[len(body.Blocks)] = true
		var values []cty.Value
		evaluate(t, body, &values)
		found := allTexts(values)
		for _, stem := range []string{"key", "value", "prefix", "selector", "ours", "x", "y", "p", "arn:aws:s3:::a"} {
			// cty, as Terraform, knows one form of each character only.
			if !found[cty.StringVal(stem+h).AsString()] {
				t.Errorf("%q did not come through", stem+h)
			}
		}
		for _, id := range []string{"bucket", "topic", "trust", "a", "b"} {
			ok := false
			for text := range found {
				var doc struct{ ID string }
				if json.Unmarshal([]byte(text), &doc) == nil && doc.ID == id+h {
					ok = true
				}
			}
			if !ok {
				t.Errorf("the policy %q did not come through", id+h)
			}
		}
	}
	if len(counts) != 1 {
		t.Errorf("the number of blocks depends on what texts hold: %v", counts)
	}
}

func TestTerraformImports(t *testing.T) {
	body := parseHCL(t, terraformOf(t, full(plain), Options{Import: true}))
	resources, imports := 0, map[string]string{}
	for _, b := range body.Blocks {
		switch b.Type {
		case "resource":
			resources++
		case "import":
			to := b.Body.Attributes["to"].Expr.Variables()[0]
			id, _ := b.Body.Attributes["id"].Expr.Value(nil)
			imports[to.RootName()+"."+to[1].(hcl.TraverseAttr).Name] = id.AsString()
		}
	}
	if resources == 0 || len(imports) != resources {
		t.Errorf("%d resources, %d imports", resources, len(imports))
	}
	for to, id := range map[string]string{
		"aws_cloudtrail.trail":                 "arn:aws:cloudtrail:us-east-1:111122223333:trail/main",
		"aws_s3_bucket_policy.logs":            "logs-bucket",
		"aws_iam_role_policy.trail_2":          "writer:b",
		"aws_iam_role_policy_attachment.trail": "writer/arn:aws:iam::aws:policy/ReadOnlyAccess",
		"aws_cloudwatch_log_group.trail":       "events",
		"aws_sns_topic_policy.trail":           topicARN,
	} {
		if imports[to] != id {
			t.Errorf("%s is imported as %q, want %q", to, imports[to], id)
		}
	}
}

// Every reference is to a resource that is there.
func TestTerraformReferences(t *testing.T) {
	for _, s := range []Source{full(plain), basic()} {
		body := parseHCL(t, terraformOf(t, s, Options{Import: true}))
		there := map[string]bool{}
		for _, b := range body.Blocks {
			if b.Type == "resource" {
				there[strings.Join(b.Labels, ".")] = true
			}
			if a := b.Body.Attributes["alias"]; b.Type == "provider" && a != nil {
				v, _ := a.Expr.Value(nil)
				there["aws."+v.AsString()] = true
			}
		}
		var check func(b *hclsyntax.Body)
		check = func(b *hclsyntax.Body) {
			for _, a := range b.Attributes {
				for _, v := range a.Expr.Variables() {
					if name := v.RootName() + "." + v[1].(hcl.TraverseAttr).Name; !there[name] {
						t.Errorf("%s is referred to and not there", name)
					}
				}
			}
			for _, inner := range b.Blocks {
				check(inner.Body)
			}
		}
		check(body)
	}
}

func TestTerraformFmtIsContent(t *testing.T) {
	program, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform is not there")
	}
	dir := t.TempDir()
	for name, s := range map[string]Source{"full.tf": full(plain), "basic.tf": basic()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(terraformOf(t, s, Options{Import: true})), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "fmt", "-check", "-diff")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
