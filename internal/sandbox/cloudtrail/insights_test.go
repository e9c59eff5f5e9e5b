package cloudtrail

import (
	"fmt"
	"testing"
)

func TestInsightSelectors(t *testing.T) {
	const (
		bad    = "InvalidInsightSelectorsException"
		none   = "InsightNotEnabledException"
		calls  = `{"InsightType":"ApiCallRateInsight"}`
		errors = `{"InsightType":"ApiErrorRateInsight"}`
		data   = `{"InsightType":"ApiErrorRateInsight","EventCategories":["Data"]}`
	)
	basic := func(s string) string { return `"EventSelectors":[` + s + `]` }
	reads := basic(`{"ReadWriteType":"ReadOnly"}`)
	noManagement := basic(`{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}`)
	advanced := func(fields string) string { return `"AdvancedEventSelectors":[{"FieldSelectors":[` + fields + `]}]` }
	management := `{"Field":"eventCategory","Equals":["Management"]}`
	tests := []struct{ name, selectors, insights, put, get string }{
		{"both", "", calls + "," + errors, "", ""},
		{"off", "", "", "", none},
		{"unknown", "", `{"InsightType":"Guess"}`, bad, none},
		{"twice", "", calls + "," + calls, bad, none},
		{"unknown category", "", `{"InsightType":"ApiCallRateInsight","EventCategories":["Other"]}`, bad, none},
		{"reads only, calls", reads, calls, bad, none},
		{"reads only, errors", reads, errors, "", ""},
		{"no management events", noManagement, errors, bad, none},
		{"data events", noManagement, data, "", ""},
		{"no data events", "", data, bad, none},
		{"advanced", advanced(management), calls, "", ""},
		{"advanced, reads only", advanced(management + `,{"Field":"readOnly","Equals":["true"]}`), calls, bad, none},
		{"advanced, writes only", advanced(management + `,{"Field":"readOnly","Equals":["false"]}`), calls, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.do("us-east-1", "CreateTrail", createDemo)
			if _, code := b.ask("us-east-1", "GetInsightSelectors", `{"TrailName":"demo"}`); code != none {
				t.Errorf("a new trail: %q", code)
			}
			if tt.selectors != "" {
				b.do("us-east-1", "PutEventSelectors", `{"TrailName":"demo",`+tt.selectors+`}`)
			}
			answer, code := b.ask("us-east-1", "PutInsightSelectors", `{"TrailName":"demo","InsightSelectors":[`+tt.insights+`]}`)
			if code != tt.put {
				t.Errorf("put: %q %v, want %q", code, answer["message"], tt.put)
			}
			if _, code := b.ask("us-east-1", "GetInsightSelectors", `{"TrailName":"demo"}`); code != tt.get {
				t.Errorf("get: %q, want %q", code, tt.get)
			}
			described := b.do("us-east-1", "GetTrail", `{"Name":"demo"}`)["Trail"].(map[string]any)
			if described["HasInsightSelectors"] != (tt.get == "") {
				t.Errorf("HasInsightSelectors is %v", described["HasInsightSelectors"])
			}
		})
	}
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createDemo)
	answer := b.do("us-east-1", "PutInsightSelectors", `{"TrailName":"demo","InsightSelectors":[`+calls+`]}`)
	if got := fmt.Sprint(answer["InsightSelectors"]); got != "[map[EventCategories:[Management] InsightType:ApiCallRateInsight]]" {
		t.Errorf("answered %s", got)
	}
}
