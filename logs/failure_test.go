package logs

import "testing"

func TestFailure(t *testing.T) {
	errorWord, err := ParsePath("error")
	if err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]string{
		`{}`: "",
		`{"errorCode":"AccessDenied","errorMessage":"no"}`:                                                                "AccessDenied",
		`{"errorCode":null,"errorMessage":"Failed authentication"}`:                                                       "Failed authentication",
		`{"errorCode":"","errorMessage":""}`:                                                                              "",
		`{"eventSource":"signin.amazonaws.com","responseElements":{"ConsoleLogin":"Failure"}}`:                            "Failure",
		`{"eventSource":"signin.amazonaws.com","responseElements":{"ConsoleLogin":"\u0046ailure"}}`:                       "Failure",
		`{"eventSource":"signin.amazonaws.com","responseElements":{"ConsoleLogin":"Success"}}`:                            "",
		`{"eventSource":"signin.amazonaws.com","responseElements":{"SwitchRole":"Failure"}}`:                              "Failure",
		`{"eventSource":"signin.amazonaws.com","responseElements":{"Other":"Failure"}}`:                                   "",
		`{"eventSource":"signin.amazonaws.com","responseElements":"Failure"}`:                                             "",
		`{"eventSource":"sso.amazonaws.com","serviceEventDetails":{"CredentialVerification":"Failure"}}`:                  "Failure",
		`{"eventSource":"signin.amazonaws.com","serviceEventDetails":{"UserAuthentication":"Failure"}}`:                   "Failure",
		`{"eventSource":"s3.amazonaws.com","responseElements":{"ConsoleLogin":"Failure"}}`:                                "",
		`{"eventSource":"signin.amazonaws.com","errorMessage":"No MFA","responseElements":{"ConsoleLogin":"Failure"}}`:    "No MFA",
		`{"eventSource":"signin.amazonaws.com","additionalEventData":{"ConsoleLogin":"Failure"},"responseElements":null}`: "",
	} {
		r := Record{Raw: []byte(raw)}
		if got := r.Failure(); got != want || r.Failed() != (want != "") {
			t.Errorf("%s: %q, %v", raw, got, r.Failed())
		}
		if got := errorWord.First(&r); got != want {
			t.Errorf("%s: the word error is %q", raw, got)
		}
	}
}

func TestWordID(t *testing.T) {
	p, err := ParsePath("id")
	if err != nil {
		t.Fatal(err)
	}
	r := Record{Raw: []byte(`{"eventID":"e-1"}`)}
	if got := p.First(&r); got != "e-1" {
		t.Errorf("%q", got)
	}
}
