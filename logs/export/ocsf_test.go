package export

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"trailctl/logs"
)

func ocsfEvent(t *testing.T, record string, raw bool) map[string]any {
	t.Helper()
	w := &ocsfWriter{raw: raw}
	line, _ := w.write([]byte("before"), &logs.File{URI: "s3://b/k"}, &logs.Record{Raw: []byte(record)})
	line = line[len("before"):]
	if line[len(line)-1] != '\n' || slices.Contains(line[:len(line)-1], '\n') {
		t.Fatalf("not one line: %s", line)
	}
	var e map[string]any
	if err := json.Unmarshal(line, &e); err != nil {
		t.Fatalf("%s: %v\n%s", record, err, line)
	}
	return e
}

// at finds a value by its path; list elements by their number.
func at(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			var i int
			fmt.Sscan(name, &i)
			if i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// requirement is what the schema 1.5.0 demands of a class, with the profile
// cloud: attributes that must be there, with their JSON types, and lists of
// which one must.
type requirement struct {
	must  map[string]string
	oneOf [][]string
}

func requirements() map[float64]requirement {
	common := func(more map[string]string) map[string]string {
		for path, kind := range map[string]string{
			"activity_id": "number", "category_uid": "number", "class_uid": "number", "severity_id": "number",
			"time": "number", "type_uid": "number", "cloud.provider": "string",
			"metadata.version": "string", "metadata.product.name": "string",
		} {
			more[path] = kind
		}
		return more
	}
	return map[float64]requirement{
		6003: {
			common(map[string]string{"actor": "object", "api.operation": "string", "src_endpoint": "object"}),
			[][]string{
				{"actor.user", "actor.invoked_by", "actor.session", "actor.app_name"},
				{"src_endpoint.ip", "src_endpoint.uid", "src_endpoint.name", "src_endpoint.domain"},
			},
		},
		3002: {
			common(map[string]string{"user": "object"}),
			[][]string{{"user.account", "user.name", "user.uid"}, {"service", "dst_endpoint"}},
		},
	}
}

func checkRequired(t *testing.T, e map[string]any) {
	t.Helper()
	class, _ := e["class_uid"].(float64)
	want, ok := requirements()[class]
	if !ok {
		t.Fatalf("no such class: %v", e)
	}
	for path, kind := range want.must {
		v := at(e, path)
		is := map[string]bool{}
		switch v.(type) {
		case float64:
			is["number"] = true
		case string:
			is["string"] = true
		case map[string]any:
			is["object"] = true
		}
		if !is[kind] {
			t.Errorf("%s is %T, not a %s: %v", path, v, kind, e)
		}
	}
	for _, paths := range want.oneOf {
		if !slices.ContainsFunc(paths, func(p string) bool { return at(e, p) != nil }) {
			t.Errorf("none of %v: %v", paths, e)
		}
	}
	if u := at(e, "actor.user"); u != nil && at(u, "account") == nil && at(u, "name") == nil && at(u, "uid") == nil {
		t.Errorf("the user is nobody: %v", u)
	}
	if r := at(e, "api.request"); r != nil && at(r, "uid") == nil {
		t.Errorf("a request without uid: %v", r)
	}
	if e["type_uid"] != class*100+e["activity_id"].(float64) || e["category_uid"] != float64(int(class)/1000) {
		t.Errorf("numbers do not fit: %v", e)
	}
}

func TestOCSF(t *testing.T) {
	const call = `{"eventVersion":"1.11","eventTime":"2026-01-15T09:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"RunInstances",` +
		`"awsRegion":"us-east-1","sourceIPAddress":"203.0.113.7","userAgent":"aws-cli","errorCode":"AccessDenied","errorMessage":"no","requestID":"r","eventID":"e",` +
		`"eventType":"AwsApiCall","eventCategory":"Management","recipientAccountId":"123456789012","readOnly":false,"requestParameters":{"n":8.82e-05},"responseElements":"",` +
		`"vpcEndpointId":"vpce-1","resources":[{"ARN":"arn:a","accountId":"1","type":"T"},{"arn":"arn:b"},{"type":"none"}],"futureField":[1],` +
		`"userIdentity":{"type":"AssumedRole","principalId":"P:s","arn":"arn:aws:sts::1:assumed-role/r/s","accountId":"1","accessKeyId":"ASIA","newThing":"x",` +
		`"sessionContext":{"attributes":{"mfaAuthenticated":"true","creationDate":"2026-01-15T08:00:00Z"},"sessionIssuer":{"type":"Role","arn":"arn:role","userName":"r"}}}}`
	const assume = `{"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","eventTime":"2026-01-15T09:00:00Z","sourceIPAddress":"ec2.amazonaws.com",` +
		`"userIdentity":{"type":"AWSService","invokedBy":"ec2.amazonaws.com"},"requestParameters":{"roleArn":"arn:role","roleSessionName":"s"},` +
		`"responseElements":{"credentials":{"accessKeyId":"ASIA"},"assumedRoleUser":{"arn":"arn:s","assumedRoleId":"AROA:s"}},"requestID":"r"}`
	const login = `{"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","eventType":"AwsConsoleSignIn","userIdentity":{"type":"IAMUser","userName":"alice","accountId":"1"},` +
		`"additionalEventData":{"MFAUsed":"No","LoginTo":"https://console"},"responseElements":{"ConsoleLogin":"Failure"},"errorMessage":"Failed authentication","sourceIPAddress":"2001:db8::1"}`
	for _, c := range []struct {
		record, path string
		want         any
	}{
		{call, "type_uid", 600301.0},
		{call, "activity_name", "Create"},
		{call, "type_name", "API Activity: Create"},
		{call, "time", 1768467600000.0},
		{call, "time_dt", "2026-01-15T09:00:00Z"},
		{call, "status_id", 2.0},
		{call, "status_code", "AccessDenied"},
		{call, "api.response.error", "AccessDenied"},
		{call, "api.response.error_message", "no"},
		{call, "api.response.data", ""},
		{call, "api.request.uid", "r"},
		{call, "api.request.data.n", 8.82e-05},
		{call, "api.service.name", "ec2.amazonaws.com"},
		{call, "cloud.region", "us-east-1"},
		{call, "cloud.account.uid", "123456789012"},
		{call, "metadata.uid", "e"},
		{call, "metadata.event_code", "AwsApiCall"},
		{call, "metadata.product.feature.name", "Management"},
		{call, "metadata.log_name", "s3://b/k"},
		{call, "actor.user.uid", "arn:aws:sts::1:assumed-role/r/s"},
		{call, "actor.user.uid_alt", "P:s"},
		{call, "actor.user.type_id", 99.0},
		{call, "actor.user.credential_uid", "ASIA"},
		{call, "actor.session.is_mfa", true},
		{call, "actor.session.issuer", "arn:role"},
		{call, "actor.session.created_time", 1768464000000.0},
		{call, "src_endpoint.ip", "203.0.113.7"},
		{call, "src_endpoint.uid", "vpce-1"},
		{call, "http_request.user_agent", "aws-cli"},
		{call, "resources.0.owner.account.uid", "1"},
		{call, "resources.1.uid", "arn:b"},
		{call, "resources.2", nil},
		{call, "unmapped.futureField.0", 1.0},
		{call, "unmapped.readOnly", false},
		{call, "unmapped.userIdentity", nil},
		{call, "raw_data", nil},
		{assume, "type_uid", 300201.0},
		{assume, "user.uid", "arn:role"},
		{assume, "user.name", "s"},
		{assume, "session.uid", "arn:s"},
		{assume, "session.credential_uid", "ASIA"},
		{assume, "actor.invoked_by", "ec2.amazonaws.com"},
		{assume, "src_endpoint.domain", "ec2.amazonaws.com"},
		{assume, "status", "Success"},
		{login, "class_name", "Authentication"},
		{login, "status", "Failure"},
		{login, "is_mfa", false},
		{login, "user.name", "alice"},
		{login, "dst_endpoint.svc_name", "https://console"},
		{login, "src_endpoint.ip", "2001:db8::1"},
		{login, "unmapped.additionalEventData.MFAUsed", "No"},
		{`{}`, "class_uid", 6003.0},
		{`{}`, "time", 0.0},
		{`{}`, "api.operation", "unknown"},
		{`{}`, "actor.app_name", "unknown"},
		{`{}`, "src_endpoint.name", "unknown"},
		{`{"eventSource":"sts.amazonaws.com","eventName":"GetSessionToken"}`, "user.name", "unknown"},
		{`{"eventName":"AssumeRole","eventSource":"sts.amazonaws.com","sourceIPAddress":"AWS Internal"}`, "src_endpoint.name", "AWS Internal"},
		{`{"userIdentity":"somebody"}`, "unmapped.userIdentity", "somebody"},
		{`{"requestParameters":{"a":1}}`, "unmapped.requestParameters.a", 1.0},
		{`{"eventName":"Frobnicate"}`, "activity_name", "Frobnicate"},
		{`{"eventName":"Frobnicate"}`, "activity_id", 99.0},
		{`{"eventName":"BatchThing","readOnly":"True"}`, "activity_name", "Read"},
		{`{"eventName":"DeleteTrail"}`, "activity_name", "Delete"},
		{`{"eventType":"AwsCloudTrailInsight","insightDetails":{"eventName":"PutThing","eventSource":"x.amazonaws.com"}}`, "api.operation", "PutThing"},
		{`{"eventType":"AwsCloudTrailInsight"}`, "status", "Unknown"},
		{`{"eventName":7}`, "api.operation", "7"},
		{`{"userAgent":"\ud800\ud83d\ude00"}`, "http_request.user_agent", "\ufffd😀"},
		{"{\"userAgent\":\"\xff\"}", "http_request.user_agent", "\ufffd"},
	} {
		e := ocsfEvent(t, c.record, false)
		checkRequired(t, e)
		got := at(e, c.path)
		if got != c.want {
			t.Errorf("%s of %s\ngot %v, want %v", c.path, c.record, got, c.want)
		}
	}
	e := ocsfEvent(t, call, true)
	if e["raw_data"] != call {
		t.Errorf("raw_data: %v", e["raw_data"])
	}
	if got := at(e, "unmapped").(map[string]any)["userIdentity.newThing"]; got != "x" {
		t.Errorf("an unknown field of the identity: %v", got)
	}
}

// Whatever a record holds, its event is JSON of the schema's form, and
// neither the columns nor the CSV of it come to harm.
func FuzzWrite(f *testing.F) {
	for _, s := range []string{`{}`, `{"userIdentity":{"type":"Root","a":"\ud800"},"resources":[{"ARN":"x"},1,null]}`, `{"eventName":"ConsoleLogin","eventSource":"signin.amazonaws.com","":[]}`, "{\"a\":\"\\\\ud800\",\"b\":\"\xff\"}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		logs.Split(data, func(r logs.Record) bool {
			checkRequired(t, ocsfEvent(t, string(r.Raw), true))
			line, _ := (&csvWriter{reader: newReader(), raw: true}).write(nil, &logs.File{URI: "f"}, &r)
			if n := strings.Count(string(line), "\n"); n != 1 {
				t.Errorf("%d lines of CSV for %q", n, r.Raw)
			}
			newReader().row(nil)
			return true
		})
	})
}
