package render

import (
	"strings"
	"testing"

	"trailctl/logs"
)

func TestShortEventAndError(t *testing.T) {
	for _, c := range []struct {
		short func(string, int) string
		cell  string
		width int
		want  string
	}{
		{shortEvent, "secretsmanager:GetSecretValue", 28, "secretsmanag…:GetSecretValue"},
		{shortEvent, "secretsmanager:GetSecretValue", 17, "s…:GetSecretValue"},
		{shortEvent, "secretsmanager:GetSecretValue", 16, "GetSecretValue"},
		{shortEvent, "kms:GenerateDataKeyWithoutPlaintext", 20, "GenerateDataK…intext"},
		{shortEvent, "lambda:UpdateFunctionCode20150331v2", 20, "UpdateFunctionCode…"},
		{shortEvent, "ec2:Insight(RunInstances)", 12, "Insight(Run…"},
		{shortEvent, "s3:", 2, "s…"},
		{shortEvent, "GetSecretValue", 8, "GetSe…ue"},
		{shortError, "ResourceNotFoundException", 20, "ResourceNotFound…"},
		{shortError, "Client.UnauthorizedOperation", 24, "…UnauthorizedOperation"},
		{shortError, "AccessDenied", 8, "AccessD…"},
		{shortError, "Exception", 5, "Exce…"},
	} {
		if got := c.short(c.cell, c.width); got != c.want || cellWidth(got) > c.width {
			t.Errorf("%s in %d: %q, want %q", c.cell, c.width, got, c.want)
		}
	}
}

// On 80 columns the operation and what went wrong can be read; the service,
// the identity and the ends that most errors have give way.
func TestOperationsAreReadOnNarrowTerminals(t *testing.T) {
	var records []logs.Record
	for _, r := range [][3]string{
		{"secretsmanager", "GetSecretValue", "ResourceNotFoundException"},
		{"kms", "Decrypt", ""}, {"s3", "ListBuckets", "AccessDenied"},
	} {
		records = append(records, logs.Record{Raw: []byte(`{"eventTime":"2026-01-15T09:00:01Z","eventName":"` + r[1] + `","eventSource":"` + r[0] + `.amazonaws.com","errorCode":"` + r[2] +
			`","sourceIPAddress":"198.51.100.200","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::123456789012:assumed-role/release-pipeline/i-0123456789abcdef0"}}`)})
	}
	got := written(t, "table", Terminal{Width: 80}, records)
	for _, want := range []string{"  GetSecretValue  ", "ResourceNotFound…", "kms:Decrypt", "s3:ListBuckets", "AccessDenied", "198.51.100.200"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
	for line := range strings.Lines(got) {
		if w := cellWidth(strings.TrimSuffix(line, "\n")); w > 80 {
			t.Errorf("%d columns: %s", w, line)
		}
	}
}
