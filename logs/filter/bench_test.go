package filter

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trailctl/logs"
)

// benchFiles are uncompressed log files: those below TRAILCTL_BENCH_FILES, at
// most 64 MB of them, or one of 2,000 records that is made here.
func benchFiles(b *testing.B) [][]byte {
	b.Helper()
	dir := os.Getenv("TRAILCTL_BENCH_FILES")
	if dir == "" {
		return [][]byte{madeFile(2000)}
	}
	var files [][]byte
	size := 0
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || size > 64<<20 {
			return err
		}
		data, err := os.ReadFile(p)
		size += len(data)
		files = append(files, data)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return files
}

func madeFile(records int) []byte {
	var text strings.Builder
	text.WriteString(`{"Records":[`)
	calls := []string{"ec2 DescribeInstances", "sts AssumeRole", "s3 GetBucketPolicy", "kms Decrypt", "iam ListUsers", "lambda GetPolicy20150331v2"}
	for i := range records {
		if i > 0 {
			text.WriteByte(',')
		}
		service, name, _ := strings.Cut(calls[i%len(calls)], " ")
		role := fmt.Sprintf("app-role-%d", i%60)
		fmt.Fprintf(&text, `{"eventVersion":"1.09","userIdentity":{"type":"AssumedRole","principalId":"AROA%016X:i-%017x","arn":"arn:aws:sts::111122223333:assumed-role/%s/i-%x","accountId":"111122223333","accessKeyId":"ASIA%016X","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA","arn":"arn:aws:iam::111122223333:role/%s","accountId":"111122223333","userName":"%s"},"attributes":{"creationDate":"2026-01-02T03:04:05Z","mfaAuthenticated":"false"}}},"eventTime":"2026-01-02T03:%02d:%02dZ","eventSource":"%s.amazonaws.com","eventName":"%s","awsRegion":"us-east-1","sourceIPAddress":"198.51.%d.%d","userAgent":"Boto3/1.34.51 md/Botocore#1.34.51 ua/2.0 os/linux#5.15.0 md/arch#x86_64 lang/python#3.11.6","requestParameters":{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::data-%d"},"policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\"}]}"},"responseElements":null,"requestID":"%032x","eventID":"%032x","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"%s.us-east-1.amazonaws.com"}}`,
			i, i, role, i, i, role, role, i%60, i/60%60, service, name, i%256, i/256, i, i, i*7, service)
	}
	text.WriteString(`]}`)
	return []byte(text.String())
}

var benchOptions = []struct {
	name string
	o    Options
}{
	{"none", Options{}},
	{"equal", Options{Filters: []string{"eventName=RunInstances"}}},
	{"equal-common", Options{Filters: []string{"eventSource=sts.amazonaws.com"}}},
	{"not-equal", Options{Filters: []string{"eventName!=AssumeRole"}}},
	{"any-case", Options{EventNames: []string{"runinstances"}}},
	{"in-twenty", Options{Filters: []string{"eventName in a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,RunInstances"}}},
	{"nested", Options{Filters: []string{"userIdentity.sessionContext.sessionIssuer.userName!=x"}}},
	{"time", Options{Filters: []string{"eventTime>2026-06-01"}}},
	{"regexp", Options{Filters: []string{"userAgent=~(?i)curl"}}},
	{"network", Options{SourceIPs: []string{"203.0.113.0/24"}}},
	{"access-key", Options{AccessKeys: []string{"AKIAIOSFODNN7EXAMPLE"}}},
	{"user", Options{Users: []string{"alice"}}},
	{"role", Options{Roles: []string{"nosuchrole"}}},
	{"grep", Options{Grep: []string{"nowhere at all"}}},
	{"grep-i", Options{Grep: []string{"nowhere at all"}, IgnoreCase: true}},
	{"errors", Options{Errors: true}},
	{"writes", Options{Writes: true}},
	{"preset-root", Options{Presets: []string{"root"}}},
	{"preset-iam", Options{Presets: []string{"iam-changes"}}},
	{"preset-public", Options{Presets: []string{"public-access"}}},
}

// BenchmarkMatch is the time of a filter for one record after another,
// locating the record's fields included.
func BenchmarkMatch(b *testing.B) {
	var raws [][]byte
	size := 0
	for _, data := range benchFiles(b) {
		logs.Split(data, func(r logs.Record) bool {
			raws = append(raws, r.Raw)
			size += len(r.Raw)
			return true
		})
	}
	for _, c := range benchOptions {
		b.Run(c.name, func(b *testing.B) {
			f := mustCompile(b, c.o)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				for _, raw := range raws {
					r := logs.Record{Raw: raw}
					if f.Match(&r) {
						n++
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(raws)), "ns/record")
		})
	}
}

// BenchmarkAbsent is the time of a look at whole files.
func BenchmarkAbsent(b *testing.B) {
	files := benchFiles(b)
	size := 0
	for _, data := range files {
		size += len(data)
	}
	for _, c := range benchOptions {
		b.Run(c.name, func(b *testing.B) {
			f := mustCompile(b, c.o)
			b.SetBytes(int64(size))
			passed := 0
			for b.Loop() {
				passed = 0
				for _, data := range files {
					if f.Absent(data) {
						passed++
					}
				}
			}
			b.ReportMetric(float64(passed)/float64(len(files))*100, "%passed")
		})
	}
}
