package logs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// told is all that a splitter says about a file.
type told struct {
	Records []string
	Fields  [][]string
	Report  Report
	Err     string
}

func tell(s *splitter, data []byte) told {
	var t told
	s.yield = func(r *Record) bool {
		t.Records = append(t.Records, fmt.Sprintf("%d %s", r.Offset, r.Raw))
		var fields []string
		for f := fieldNone + 1; f < fieldCount; f++ {
			fields = append(fields, string(r.value(f)))
		}
		t.Fields = append(t.Fields, fields)
		return true
	}
	t.Report = *s.split(data)
	t.Err = fmt.Sprint(t.Report.Err())
	return t
}

// compare splits data with care and with habits, those of data itself
// included, and fails when it makes a difference.
func compare(t *testing.T, habits *habits, data []byte) {
	t.Helper()
	careful := &splitter{}
	careful.careful = true
	want := tell(careful, data)
	for range 2 {
		if got := tell(&splitter{habits: habits}, data); !reflect.DeepEqual(got, want) {
			t.Fatalf("%.2000q\nwith habits %+v\nwith care   %+v", data, got, want)
		}
	}
}

// someFile is a log file of records that differ as those of CloudTrail do.
func someFile(r *rand.Rand, records int) []byte {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	var b strings.Builder
	b.WriteString(`{"Records":[`)
	for i := range records {
		if i > 0 {
			b.WriteString(pick(",", ",", ",", ",", " ,\n"))
		}
		who := r.IntN(4)
		fmt.Fprintf(&b, `{"eventVersion":"1.%s","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE%d:session","arn":"arn:aws:sts::123456789012:assumed-role/r%d/session","accountId":"123456789012"},"eventTime":"2026-01-02T03:%02d:%02dZ",`, pick("08", "09", "11"), who, who, r.IntN(60), r.IntN(60))
		fmt.Fprintf(&b, `"eventSource":"%s.amazonaws.com","eventName":"%s","awsRegion":"us-east-1","sourceIPAddress":"10.0.0.%d","userAgent":"%s",`, pick("ec2", "s3"), pick("Get", "Put", "A\\u0042"), who, pick("Boto3/1.34.51 md/Botocore#1.34.51 ua/2.0 os/linux#5.15.0", "console"))
		b.WriteString(pick("", "", `"errorCode":"AccessDenied","errorMessage":"no",`))
		fmt.Fprintf(&b, `"requestParameters":%s,"responseElements":%s,"requestID":"%x","eventID":"%x",`, pick("null", `{"a":[1,2.5e-3,{"b":"c"}],"p":"{\"x\":1}"}`, `{}`), pick("null", `""`), r.Uint64(), r.Uint64())
		b.WriteString(pick(`"readOnly":true,`, `"readOnly":"False",`, ""))
		b.WriteString(pick("", "", `"resources":[{"ARN":"arn:aws:s3:::b","type":"AWS::S3::Bucket"}],`))
		b.WriteString(pick("", "", "", "", `"eventName":"again",`, `"event\u004eame":"escaped",`, `"new":{"x":1},`))
		fmt.Fprintf(&b, `"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"123456789012","eventCategory":"Management"%s}`, pick("", `,"count":1`, `,"count":12`, `,"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"ec2.us-east-1.amazonaws.com"}`))
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

// A phrase that ends in a number is not the beginning of a longer number.
func TestPhraseEndsWithItsValue(t *testing.T) {
	for _, last := range []string{
		"1 1 12 1 1.5 1e3 1 123 1", "0 0 0.5 0 0e1 0", "true true truer true", "null null nullx", `"a" "a" "a"x "a"`,
	} {
		var records []string
		for i, n := range strings.Fields(last) {
			records = append(records, fmt.Sprintf(`{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLEEXAMPLEEX","arn":"arn:aws:iam::111122223333:user/alice"},"eventTime":"2026-01-31T13:%02d:00Z","eventSource":"ec2.amazonaws.com","eventName":"RunInstances","awsRegion":"us-east-1","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management","zzCount":%s}`, i, n))
		}
		compare(t, newHabits(), []byte(`{"Records":[`+strings.Join(records, ",")+`]}`))
	}
}

// Damage at any place is reported alike, whatever was read before.
func TestHabitsChangeNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	habits := newHabits()
	for range 1500 {
		data := someFile(r, 1+r.IntN(12))
		compare(t, habits, data)
		for range 1 + r.IntN(2) {
			at := r.IntN(len(data))
			switch r.IntN(4) {
			case 0:
				data[at] = `"\{}[],: x0`[r.IntN(11)]
			case 1:
				data[at] = byte(r.IntN(256))
			case 2:
				data = append(data[:at], data[min(len(data), at+1+r.IntN(30)):]...)
			case 3:
				data = append(data[:at:at], append([]byte(`,"eventID":"x`), data[at:]...)...)
			}
			if len(data) == 0 {
				break
			}
		}
		compare(t, habits, data)
	}
}

// The test above would say nothing if habits were never of use.
func TestHabitsAreOfUse(t *testing.T) {
	data := someFile(rand.New(rand.NewPCG(5, 6)), 2000)
	h := newHabits()
	(&splitter{habits: h, yield: func(*Record) bool { return true }}).split(data)
	known := 0
	for i := range h.phrases {
		if len(h.phrases[i].text) > 0 {
			known++
		}
	}
	if known < 20 || h.trials[whoPhrase].equal == 0 || h.trials[whatPhrase].equal == 0 || h.trials[whosePhrase].equal == 0 {
		t.Errorf("%d phrases, %+v", known, h.trials)
	}
}

func FuzzHabits(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 8 {
		f.Add(someFile(r, 1+r.IntN(3)))
	}
	f.Add([]byte(`{"Records":[{"eventID":"a"}],"Records":[{"eventID":"b","eventID":"c"}]}`))
	f.Add([]byte(`[{"detail":{"eventID":"a"}},{"CloudTrailEvent":"{\"eventID\":\"b\"}"}]`))
	known := someFile(r, 50)
	f.Fuzz(func(t *testing.T, data []byte) {
		h := newHabits()
		(&splitter{habits: h, yield: func(*Record) bool { return true }}).split(known)
		compare(t, h, data)
		// Damage in the middle of what is known.
		if n := len(known) / 2; len(data) < 64 {
			compare(t, h, bytes.Join([][]byte{known[:n], known[n:]}, data))
		}
	})
}
