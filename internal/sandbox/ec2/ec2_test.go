package ec2

import (
	"encoding/xml"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"trailctl/internal/sandbox/call"
)

func TestDescribeRegions(t *testing.T) {
	s := New([]string{"us-east-1", "eu-west-1", "us-west-2", "eu-south-1"})
	tests := []struct {
		form, want, code string
	}{
		{"", "eu-south-1 eu-west-1 us-east-1 us-west-2", ""},
		{"RegionName.1=us-west-2&RegionName.2=us-east-1", "us-east-1 us-west-2", ""},
		{"Filter.1.Name=region-name&Filter.1.Value.1=us-*", "us-east-1 us-west-2", ""},
		{"Filter.1.Name=endpoint&Filter.1.Value.1=ec2.eu-west-1.amazonaws.com", "eu-west-1", ""},
		{"Filter.1.Name=opt-in-status&Filter.1.Value.1=opted-in&Filter.1.Value.2=not-opted-in", "eu-south-1", ""},
		{"Filter.1.Name=opt-in-status&Filter.1.Value.1=opt-in-not-required&Filter.2.Name=region-name&Filter.2.Value.1=eu-????-1", "eu-west-1", ""},
		{"AllRegions=true&RegionName.1=ap-east-1", "ap-east-1", ""},
		{"RegionName.1=ap-east-1", "", "InvalidParameterValue"},
		{"Filter.1.Name=colour&Filter.1.Value.1=red", "", "InvalidParameterValue"},
	}
	for _, tt := range tests {
		c := &call.Call{HTTP: httptest.NewRequest("POST", "/", nil), Operation: "DescribeRegions", Body: []byte("Action=DescribeRegions&" + tt.form)}
		w := httptest.NewRecorder()
		s.Serve(w, c)
		var answer struct {
			Names []string `xml:"regionInfo>item>regionName"`
			Code  string   `xml:"Errors>Error>Code"`
		}
		if err := xml.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%s: %v", tt.form, err)
		}
		if !slices.Equal(answer.Names, strings.Fields(tt.want)) || answer.Code != tt.code {
			t.Errorf("%s: %v %q, want %s %q", tt.form, answer.Names, answer.Code, tt.want, tt.code)
		}
		if (c.Error != nil) != (tt.code != "") || c.EventSource != "ec2.amazonaws.com" || !c.ReadOnly {
			t.Errorf("%s: recorded as %+v", tt.form, c)
		}
	}
}
