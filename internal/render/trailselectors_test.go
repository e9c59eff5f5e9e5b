package render

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/mattn/go-runewidth"

	"trailctl/trail"
)

func TestSelectorsTable(t *testing.T) {
	field := func(name string, values ...string) types.AdvancedFieldSelector {
		return types.AdvancedFieldSelector{Field: aws.String(name), Equals: values}
	}
	s := trail.Selectors{Advanced: []types.AdvancedEventSelector{
		{FieldSelectors: []types.AdvancedFieldSelector{field("eventCategory", "Management"), field("readOnly", "false")}},
		{FieldSelectors: []types.AdvancedFieldSelector{
			field("eventCategory", "Data"), field("resources.type", "AWS::S3::Object"),
			{Field: aws.String("resources.ARN"), StartsWith: []string{"arn:aws:s3:::a-bucket-with-a-long-name/and/a/long/prefix/"}, NotEndsWith: []string{".tmp", ".swp"}},
		}},
		{FieldSelectors: []types.AdvancedFieldSelector{field("eventCategory", "NetworkActivity"), field("eventSource", "e\x1b[31mc2")}},
	}}
	for _, c := range []struct {
		width int
		want  string
	}{
		{0, "" +
			"EVENTS            OF            ACCESS  ONLY WHERE\n" +
			"management        all services  write   -\n" +
			"data              s3            all     ARN begins with arn:aws:s3:::a-bucket-with-a-long-name/and/a/long/prefix/\n" +
			"                                        ARN does not end in .tmp\n" +
			"                                        nor .swp\n" +
			"network activity  e\\x1b[31mc2   all     -\n"},
		{80, "" +
			"EVENTS            OF            ACCESS  ONLY WHERE\n" +
			"management        all services  write   -\n" +
			"data              s3            all     ARN begins with arn:…/and/a/long/prefix/\n" +
			"                                        ARN does not end in .tmp\n" +
			"                                        nor .swp\n" +
			"network activity  e\\x1b[31mc2   all     -\n"},
	} {
		var b strings.Builder
		if err := SelectorsTable(&b, s, Terminal{Width: c.width}); err != nil {
			t.Fatal(err)
		}
		if b.String() != c.want {
			t.Errorf("at %d columns: got\n%swant\n%s", c.width, b.String(), c.want)
		}
		for line := range strings.Lines(b.String()) {
			if w := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); c.width > 0 && w > c.width {
				t.Errorf("%d columns: %q", w, line)
			}
		}
	}
}
