package sqs

import (
	"context"
	"net/http/httptest"
	"testing"

	"trailctl/internal/sandbox/call"
)

// FuzzBody sends any body to any operation: it must be answered, and leave a
// state that can be saved.
func FuzzBody(f *testing.F) {
	url := `"QueueUrl":"http://x/` + account + `/q"`
	f.Add("CreateQueue", `{"QueueName":"q","Attributes":{"Policy":"{"}}`)
	f.Add("SendMessage", `{`+url+`,"MessageBody":"x","MessageAttributes":{"a":{"DataType":"String"}}}`)
	f.Add("SendMessageBatch", `{`+url+`,"Entries":[{"Id":"1","MessageBody":"x","DelaySeconds":-1}]}`)
	f.Add("ReceiveMessage", `{`+url+`,"MaxNumberOfMessages":3,"WaitTimeSeconds":20}`)
	f.Add("DeleteMessage", `{`+url+`,"ReceiptHandle":"YSBiIGM="}`)
	f.Add("ChangeMessageVisibility", `{`+url+`,"ReceiptHandle":"x","VisibilityTimeout":1}`)
	f.Add("SetQueueAttributes", `{`+url+`,"Attributes":{"VisibilityTimeout":""}}`)
	f.Add("GetQueueAttributes", `{`+url+`,"AttributeNames":["All"]}`)
	f.Add("ListQueues", `null`)
	done, cancel := context.WithCancel(context.Background())
	cancel() // nobody waits for messages here
	f.Fuzz(func(t *testing.T, operation, body string) {
		s, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range [][2]string{{"CreateQueue", `{"QueueName":"q"}`}, {operation, body}, {"GetQueueAttributes", "{" + url + `,"AttributeNames":["All"]}`}} {
			c := &call.Call{HTTP: httptest.NewRequest("POST", "/", nil).WithContext(done), Body: []byte(one[1]), Operation: one[0],
				Region: "us-east-1", Account: account, AccessKeyID: "AKIA"}
			w := httptest.NewRecorder()
			s.Serve(w, c)
			if w.Code != 200 && c.Error == nil || w.Code == 500 {
				t.Errorf("%s %s: %d %s", one[0], one[1], w.Code, w.Body)
			}
		}
		if _, err := s.state(); err != nil {
			t.Error(err)
		}
	})
}
