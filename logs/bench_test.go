package logs

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// benchFile is a log file like those that CloudTrail delivers: 1,000
// records of about 1.5 KB, on one line.
func benchFile(b *testing.B) (stored []byte, size, records int) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	hex := func(n int) string {
		s := make([]byte, n)
		for i := range s {
			s[i] = "0123456789abcdef"[r.IntN(16)]
		}
		return string(s)
	}
	calls := []string{"ec2 DescribeInstances", "sts AssumeRole", "s3 GetBucketPolicy", "kms Decrypt", "iam CreateAccessKey", "lambda UpdateFunctionCode20150331v2"}
	var text strings.Builder
	text.WriteString(`{"Records":[`)
	for i := range 1000 {
		if i > 0 {
			text.WriteByte(',')
		}
		service, name, _ := strings.Cut(calls[r.IntN(len(calls))], " ")
		role := fmt.Sprintf("app-role-%d", r.IntN(60))
		fmt.Fprintf(&text, `{"eventVersion":"1.09","userIdentity":{"type":"AssumedRole","principalId":"AROA%s:i-%s","arn":"arn:aws:sts::123456789012:assumed-role/%s/i-%s","accountId":"123456789012","accessKeyId":"ASIA%s","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA","arn":"arn:aws:iam::123456789012:role/%s","accountId":"123456789012","userName":"%s"},"attributes":{"creationDate":"2026-01-02T03:04:05Z","mfaAuthenticated":"false"}}},"eventTime":"2026-01-02T03:%02d:%02dZ","eventSource":"%s.amazonaws.com","eventName":"%s","awsRegion":"us-east-1","sourceIPAddress":"%d.%d.1.2","userAgent":"Boto3/1.34.51 md/Botocore#1.34.51 ua/2.0 os/linux#5.15.0 md/arch#x86_64 lang/python#3.11.6","requestParameters":{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::data-%s"},"list":[%d,true,null,1.5e3],"policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"%s\",\"Effect\":\"Allow\"}]}"},"responseElements":null,"requestID":"%s","eventID":"%s","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"123456789012","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"%s.us-east-1.amazonaws.com"}}`,
			hex(16), hex(17), role, hex(17), hex(16), role, role, r.IntN(60), r.IntN(60), service, name, r.IntN(200), r.IntN(256), hex(12), r.IntN(1000), hex(10), hex(36), hex(36), service)
	}
	text.WriteString(`]}`)
	return zip(b, text.String()), text.Len(), 1000
}

// BenchmarkRead is what reading costs: unpacking alone, splitting alone, and
// both with one field of each record, which is what view does in a window.
func BenchmarkRead(b *testing.B) {
	stored, size, records := benchFile(b)
	rate := func(b *testing.B) {
		b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	}
	b.Run("gunzip", func(b *testing.B) {
		b.SetBytes(int64(size))
		var r gzip.Reader
		buf := make([]byte, size+1)
		for b.Loop() {
			if err := r.Reset(bytes.NewReader(stored)); err != nil {
				b.Fatal(err)
			}
			if n, err := io.ReadFull(&r, buf); n != size {
				b.Fatal(n, err)
			}
		}
		rate(b)
	})
	u := &unpacker{max: DefaultMaxFileSize}
	data, err := u.unpack(stored, nil, &Report{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("split", func(b *testing.B) {
		b.SetBytes(int64(size))
		for b.Loop() {
			if r := Split(data, func(Record) bool { return true }); r.Records != records || r.Err() != nil {
				b.Fatal(r)
			}
		}
		rate(b)
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(size))
		var buf []byte
		for b.Loop() {
			data, err := u.unpack(stored, buf, &Report{})
			if err != nil {
				b.Fatal(err)
			}
			buf = data
			Split(data, func(Record) bool { return true })
		}
		rate(b)
	})
	b.Run("read and times", func(b *testing.B) {
		b.SetBytes(int64(size))
		var buf []byte
		for b.Loop() {
			data, err := u.unpack(stored, buf, &Report{})
			if err != nil {
				b.Fatal(err)
			}
			buf = data
			Split(data, func(r Record) bool { _, ok := r.Time(); return ok })
		}
		rate(b)
	})
}
