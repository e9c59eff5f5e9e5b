package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// writer writes records in the schema and the order of fields that CloudTrail
// has, with values drawn from pools as an account of some size has them.
type writer struct {
	rand            *rand.Rand
	out             []byte
	region, account string
	at              time.Time // of the file
}

func newWriter(seed, file uint64) *writer {
	return &writer{rand: rand.New(rand.NewPCG(seed, file))}
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

const (
	alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	capitals     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	hexadecimal  = "0123456789abcdef"
)

var (
	regions  = []string{"us-east-1", "us-east-1", "us-east-1", "eu-west-1", "eu-west-1", "us-west-2", "eu-central-1", "ap-southeast-2"}
	accounts = []string{"111122223333", "444455556666", "777788889999", "123456789012"}
	agents   = []string{
		"aws-cli/2.22.4 md/awscrt#0.23.4 ua/2.0 os/linux#6.1.115-126.197.amzn2023.x86_64 md/arch#x86_64 lang/python#3.12.6 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#ec2.describe-instances",
		"Boto3/1.35.70 md/Botocore#1.35.70 ua/2.0 os/linux#5.10.226-214.880.amzn2.x86_64 md/arch#x86_64 lang/python#3.12.7 md/pyimpl#CPython exec-env/AWS_Lambda_python3.12 cfg/retry-mode#legacy Botocore/1.35.70",
		"APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) terraform-provider-aws/5.78.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.32.5 ua/2.1 os/linux lang/go#1.23.3 md/GOOS#linux md/GOARCH#amd64 api/s3#1.69.0",
		"aws-sdk-java/2.29.20 Linux/5.10.228-219.884.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/21.0.5+11-LTS Java/21.0.5 vendor/Amazon.com_Inc. io/sync http/Apache cfg/retry-mode/legacy",
		"aws-sdk-go-v2/1.32.5 ua/2.1 os/linux lang/go#1.23.3 md/GOOS#linux md/GOARCH#amd64 api/sqs#1.37.0 m/E",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
		"AWS Internal", "ecs-tasks.amazonaws.com", "autoscaling.amazonaws.com", "config.amazonaws.com",
	}
	roles    = names("role", 48)
	users    = names("user", 24)
	buckets  = names("bucket", 40)
	tables   = names("table", 30)
	lambdas  = names("function", 30)
	services = []string{"autoscaling.amazonaws.com", "ecs-tasks.amazonaws.com", "config.amazonaws.com", "lambda.amazonaws.com"}
)

// names is a pool of names of one kind.
func names(kind string, n int) []string {
	r := rand.New(rand.NewPCG(uint64(n), uint64(len(kind))))
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s-%s-%s-%d", pick(r, []string{"orders", "billing", "search", "media", "platform", "data"}),
			pick(r, []string{"prod", "stage", "dev"}), kind, i)
	}
	return list
}

func (w *writer) letters(n int, from string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = from[w.rand.IntN(len(from))]
	}
	return string(b)
}

func (w *writer) uuid() string {
	h := w.letters(31, hexadecimal)
	return h[:8] + "-" + h[8:12] + "-4" + h[12:15] + "-" + h[15:19] + "-" + h[19:]
}

func (w *writer) address() string {
	return fmt.Sprintf("%d.%d.%d.%d", pick(w.rand, []int{3, 18, 34, 52, 54, 198, 203}), w.rand.IntN(256), w.rand.IntN(64), 1+w.rand.IntN(254))
}

// quoted is a JSON string as CloudTrail writes it.
func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// fields are the members of an object in their order: names and JSON values in
// turn.
func fields(pairs ...string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", pairs[i], pairs[i+1])
	}
	b.WriteByte('}')
	return b.String()
}

func (w *writer) record() {
	c := w.call()
	at := w.at.Add(-time.Duration(w.rand.IntN(600)) * time.Second)
	failed := w.rand.IntN(25) == 0
	code := ""
	if failed {
		code = pick(w.rand, []string{"AccessDenied", "AccessDenied", "Client.UnauthorizedOperation", "NoSuchEntity", "ThrottlingException", "ResourceNotFoundException"})
	}
	identity := w.identity(at)
	w.member("{", "eventVersion", `"1.11"`)
	w.member(",", "userIdentity", identity)
	w.member(",", "eventTime", quoted(at.Format(time.RFC3339)))
	w.member(",", "eventSource", quoted(c.service+".amazonaws.com"))
	w.member(",", "eventName", quoted(c.name))
	w.member(",", "awsRegion", quoted(w.region))
	w.member(",", "sourceIPAddress", quoted(pick(w.rand, []string{w.address(), w.address(), w.address(), pick(w.rand, services)})))
	w.member(",", "userAgent", quoted(pick(w.rand, agents)))
	if failed {
		w.member(",", "errorCode", quoted(code))
		w.member(",", "errorMessage", quoted(fmt.Sprintf("User: arn:aws:sts::%s:assumed-role/%s/session is not authorized to perform: %s:%s because no identity-based policy allows the action",
			w.account, pick(w.rand, roles), c.service, c.name)))
		c.response = "null"
	}
	w.member(",", "requestParameters", c.request)
	w.member(",", "responseElements", c.response)
	if c.more != "" {
		w.member(",", "additionalEventData", c.more)
	}
	w.member(",", "requestID", quoted(w.uuid()))
	w.member(",", "eventID", quoted(w.uuid()))
	w.member(",", "readOnly", fmt.Sprint(c.readOnly))
	if c.resource != "" {
		w.member(",", "resources", "["+fields("accountId", quoted(w.account), "type", quoted(c.kind), "ARN", quoted(c.resource))+"]")
	}
	w.member(",", "eventType", `"AwsApiCall"`)
	w.member(",", "managementEvent", fmt.Sprint(!c.data))
	w.member(",", "recipientAccountId", quoted(w.account))
	category := `"Management"`
	if c.data {
		category = `"Data"`
	}
	w.member(",", "eventCategory", category)
	w.member(",", "tlsDetails", fields("tlsVersion", `"TLSv1.3"`, "cipherSuite", `"TLS_AES_128_GCM_SHA256"`, "clientProvidedHostHeader", quoted(c.service+"."+w.region+".amazonaws.com")))
	w.out = append(w.out, '}')
}

func (w *writer) member(lead, name, value string) {
	w.out = append(w.out, lead...)
	w.out = append(w.out, '"')
	w.out = append(w.out, name...)
	w.out = append(w.out, `":`...)
	w.out = append(w.out, value...)
}

func (w *writer) identity(at time.Time) string {
	switch n := w.rand.IntN(20); {
	case n < 2:
		return fields("type", `"AWSService"`, "invokedBy", quoted(pick(w.rand, services)))
	case n < 5:
		name := pick(w.rand, users)
		return fields("type", `"IAMUser"`, "principalId", quoted("AIDA"+w.letters(17, capitals)),
			"arn", quoted("arn:aws:iam::"+w.account+":user/"+name), "accountId", quoted(w.account),
			"accessKeyId", quoted("AKIA"+w.letters(16, capitals)), "userName", quoted(name))
	case n == 5 && w.rand.IntN(50) == 0:
		return fields("type", `"Root"`, "principalId", quoted(w.account), "arn", quoted("arn:aws:iam::"+w.account+":root"), "accountId", quoted(w.account))
	}
	role := pick(w.rand, roles)
	principal := "AROA" + w.letters(17, capitals)
	session := pick(w.rand, []string{"i-0" + w.letters(16, hexadecimal), pick(w.rand, lambdas), "alice@example.com", "botocore-session-1731" + w.letters(6, "0123456789")})
	return fields("type", `"AssumedRole"`, "principalId", quoted(principal+":"+session),
		"arn", quoted("arn:aws:sts::"+w.account+":assumed-role/"+role+"/"+session), "accountId", quoted(w.account),
		"accessKeyId", quoted("ASIA"+w.letters(16, capitals)),
		"sessionContext", fields(
			"sessionIssuer", fields("type", `"Role"`, "principalId", quoted(principal), "arn", quoted("arn:aws:iam::"+w.account+":role/"+role),
				"accountId", quoted(w.account), "userName", quoted(role)),
			"attributes", fields("creationDate", quoted(at.Add(-time.Hour).Format(time.RFC3339)), "mfaAuthenticated", `"false"`)))
}
