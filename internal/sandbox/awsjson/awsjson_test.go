package awsjson

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"trailctl/internal/sandbox/call"
)

type shop struct{ sold int }

type order struct {
	Item  string
	Count int
}

func (s *shop) buy(_ *call.Call, in order) (any, *call.Error) {
	if in.Count > 3 {
		return nil, &call.Error{Status: 400, Code: "TooMany", Message: "no"}
	}
	s.sold += in.Count
	return map[string]any{"Sold": s.sold, "CreationDate": Epoch(time.Unix(1700000000, 0))}, nil
}

func (s *shop) look(*call.Call, order) (any, *call.Error) { return nil, nil }

func (s *shop) jam(*call.Call, order) (any, *call.Error) { return make(chan int), nil }

func TestServe(t *testing.T) {
	operations := map[string]Operation[*shop]{"Buy": Changes((*shop).buy), "Look": Reads((*shop).look), "Break": Changes((*shop).jam)}
	rows := []struct {
		operation, body string
		status          int
		answer          string
		changed         bool
		recorded        string // error code, read-only, request, response
	}{
		{"Buy", `{"Item":"x","Count":2}`, 200, `{"CreationDate":1700000000,"Sold":2}`, true,
			" false map[count:2 item:x] map[creationDate:Nov 14, 2023, 10:13:20 PM sold:2]"},
		{"Buy", `{"Count":4}`, 400, `{"__type":"TooMany","message":"no"}`, false, "TooMany false map[count:4] map[]"},
		{"Buy", `{"Count":"4"}`, 400, "", false, "SerializationException false map[count:4] map[]"},
		{"Buy", `{`, 400, "", false, "SerializationException false map[] map[]"},
		{"Look", ``, 200, `{}`, false, " true map[] map[]"},
		{"Break", `{}`, 500, "", false, "InternalFailure false map[] map[]"},
		{"Steal", `{}`, 501, `{"__type":"NotServedBySandbox.shop.Steal","message":"the sandbox does not serve shop Steal"}`, false,
			"NotServedBySandbox.shop.Steal false map[] map[]"},
	}
	for _, row := range rows {
		c := &call.Call{Operation: row.operation, Body: []byte(row.body)}
		w := httptest.NewRecorder()
		changed := Serve(w, c, &shop{}, "shop", operations)
		if w.Code != row.status || row.answer != "" && w.Body.String() != row.answer || changed != row.changed {
			t.Errorf("%s %s: %d %s, changed %t", row.operation, row.body, w.Code, w.Body, changed)
		}
		code := ""
		if c.Error != nil {
			code = c.Error.Code
		}
		if got := fmt.Sprint(code, " ", c.ReadOnly, " ", c.RequestParameters, " ", c.ResponseElements); got != row.recorded {
			t.Errorf("%s %s is recorded as %s, want %s", row.operation, row.body, got, row.recorded)
		}
	}
}

func TestLowerCamel(t *testing.T) {
	got, err := json.Marshal(LowerCamel([]byte(`{"KeyId":"K","tags":{"Team":"A"},"TagList":[{"TagKey":"A"}],"JoinedTimestamp":0,"timestamp":5,"AWSAccountId":"1"}`)))
	const want = `{"aWSAccountId":"1","joinedTimestamp":"Jan 1, 1970, 12:00:00 AM","keyId":"K","tagList":[{"tagKey":"A"}],"tags":{"Team":"A"},"timestamp":5}`
	if err != nil || string(got) != want {
		t.Errorf("%s %v", got, err)
	}
	if LowerCamel([]byte(`{}`)) != nil || LowerCamel([]byte(`[]`)) != nil {
		t.Error("an empty request is recorded as something")
	}
}
