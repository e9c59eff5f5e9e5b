package render

import (
	"slices"
	"strings"
	"testing"
	"time"

	"trailctl/logs"
)

func columnsOf(t *testing.T, names ...string) []RecordColumn {
	t.Helper()
	var columns []RecordColumn
	for _, n := range names {
		c, err := ParseRecordColumn(n)
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, c)
	}
	return columns
}

func TestRecordColumns(t *testing.T) {
	r := logs.Record{Raw: []byte(`{"eventTime":"2026-07-15T09:00:01Z","eventName":"PutObject","eventSource":"s3.amazonaws.com","awsRegion":"us-east-1",
		"sourceIPAddress":"ec2.amazonaws.com","errorMessage":"no","readOnly":false,"recipientAccountId":"123456789012",
		"userIdentity":{"type":"IAMUser","userName":"alice","arn":"arn:aws:iam::123456789012:user/alice","sessionContext":{"x":[1, 2]}},
		"resources":[{"ARN":"arn:aws:s3:::bucket/a/b"},{"ARN":"arn:aws:kms:us-east-1:1:key/0a1b"},{"ARN":"arn:aws:logs:us-east-1:1:log-group:name:*"},{"ARN":"odd"},{"type":"x"}]}`)}
	berlin := time.FixedZone("CEST", 2*60*60)
	for name, want := range map[string]struct{ brief, long string }{
		"time":                        {"07-15 11:00:01", "2026-07-15T11:00:01+02:00"},
		"identity":                    {"alice", "alice"},
		"event":                       {"s3:PutObject", "s3:PutObject"},
		"address":                     {"ec2", "ec2"},
		"region":                      {"us-east-1", "us-east-1"},
		"resources":                   {"bucket/a/b +3", "bucket/a/b, 0a1b, name, odd"},
		"error":                       {"no", "no"},
		"account":                     {"123456789012", "123456789012"},
		"user":                        {"alice", "alice"},
		"service":                     {"s3", "s3"},
		"eventTime":                   {"2026-07-15T09:00:01Z", "2026-07-15T09:00:01Z"},
		"readOnly":                    {"false", "false"},
		"userIdentity.arn":            {"arn:aws:iam::123456789012:user/alice", "arn:aws:iam::123456789012:user/alice"},
		"userIdentity.sessionContext": {`{"x":[1, 2]}`, `{"x":[1, 2]}`},
		"resources[].ARN":             {"arn:aws:s3:::bucket/a/b, arn:aws:kms:us-east-1:1:key/0a1b, arn:aws:logs:us-east-1:1:log-group:name:*, odd", ""},
		"nosuch.field":                {"", ""},
	} {
		c := columnsOf(t, name)[0]
		brief := c.cell(&r, cellView{zone: berlin, layout: "01-02 15:04:05", brief: true})
		long := c.cell(&r, cellView{zone: berlin, layout: time.RFC3339})
		if brief != want.brief || long != want.long && name != "resources[].ARN" {
			t.Errorf("%s: %q and %q, want %q", name, brief, long, want)
		}
	}
	if _, err := ParseRecordColumn("no path!"); err == nil {
		t.Error("that is no path")
	}
	for _, n := range []string{"time", "event", "eventID", "userIdentity", "user"} {
		if !slices.Contains(RecordColumnNames(), n) {
			t.Errorf("%s is not listed", n)
		}
	}
}

func TestShortIdentity(t *testing.T) {
	for _, c := range []struct {
		words string
		width int
		want  string
	}{
		{"root", 14, "root"},
		{"a-user-with-a-long-name", 14, "a-user-with-a…"},
		{"orders-service/orders-7f6d5c4b9-x2x7q", 14, "orders-service"},
		{"orders-service/orders-7f6d5c4b9-x2x7q", 24, "orders-service/…b9-x2x7q"},
		{"release-pipeline/i-0123456789abcdef0", 14, "release-pipel…"},
		{"AWSReservedSSO_Admin_0123456789abcdef/alice@example.com", 20, "A…/alice@example.com"},
		{"AWSReservedSSO_Admin_0123456789abcdef/alice@example.com", 14, "…/alice@examp…"},
		{"ops/alice", 10, "ops/alice"},
		{"operations/alice", 10, "ope…/alice"},
		{"/", 1, "/"},
	} {
		got := shortIdentity(c.words, c.width)
		if cellWidth(c.words) <= c.width {
			got, _ = Column{Short: shortIdentity}.fit(c.words, c.width)
		}
		if got != c.want || cellWidth(got) > c.width {
			t.Errorf("%s in %d: %q", c.words, c.width, got)
		}
	}
}

// Narrow terminals have fewer columns; what was asked for is always there.
func TestColumnsThatFit(t *testing.T) {
	for _, c := range []struct {
		options RecordOptions
		want    string
	}{
		{RecordOptions{Terminal: Terminal{Width: 80}}, "time identity event address error"},
		{RecordOptions{Terminal: Terminal{Width: 100}}, "time identity event address region error"},
		{RecordOptions{Terminal: Terminal{Width: 130}}, "time identity event address region resources error"},
		{RecordOptions{Terminal: Terminal{Width: 80}, Wide: true}, "time identity event address region resources error id"},
		{RecordOptions{Format: "csv"}, "time identity userIdentity.arn userIdentity.accessKeyId event address userAgent region account resources error id"},
		{RecordOptions{}, "time identity event address region resources error"},
		{RecordOptions{Terminal: Terminal{Width: 80}, Columns: columnsOf(t, "region", "eventID")}, "region eventID"},
	} {
		var names []string
		for _, col := range chooseColumns(c.options) {
			names = append(names, col.name)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%+v: %s", c.options.Terminal, got)
		}
	}
}
