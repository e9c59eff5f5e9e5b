package sns

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"trailctl/internal/sandbox/call"
)

// FuzzForm sends any form to any operation: it must be answered, and leave a
// state that can be saved and policies that can be asked.
func FuzzForm(f *testing.F) {
	arn := "arn:aws:sns:us-east-1:" + account + ":t"
	f.Add("CreateTopic", "Name=t&Attributes.entry.1.key=Policy&Attributes.entry.1.value={")
	f.Add("SetTopicAttributes", url.Values{"TopicArn": {arn}, "AttributeName": {"Policy"}, "AttributeValue": {trailPolicy(arn, "x")}}.Encode())
	f.Add("Subscribe", "TopicArn="+arn+"&Protocol=sqs&Endpoint=arn:aws:sqs:::")
	f.Add("Publish", "TopicArn="+arn+"&Message=x&MessageAttributes.entry.1.Name=a")
	f.Add("Unsubscribe", "SubscriptionArn="+arn+":1")
	f.Add("ListTopics", "NextToken=eA==")
	f.Add("AddPermission", "TopicArn="+arn+"&Label=l&AWSAccountId.member.1="+account+"&ActionName.member.1=Publish")
	f.Fuzz(func(t *testing.T, operation, form string) {
		s, err := New(Options{Now: func() time.Time { return time.Unix(1e9, 0) }})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for _, one := range [][2]string{{"CreateTopic", "Name=t"}, {operation, form}} {
			c := &call.Call{HTTP: httptest.NewRequest("POST", "/", nil), Body: []byte(one[1]), Operation: one[0],
				Region: "us-east-1", Account: account, AccessKeyID: "AKIA"}
			w := httptest.NewRecorder()
			s.Serve(w, c)
			if w.Code != 200 && c.Error == nil || w.Code == 500 || !strings.Contains(w.Body.String(), "RequestId") {
				t.Errorf("%s %s: %d %s", one[0], one[1], w.Code, w.Body)
			}
		}
		if _, err := s.state(); err != nil {
			t.Error(err)
		}
		s.May("cloudtrail.amazonaws.com", "sns:Publish", arn, nil)
	})
}
