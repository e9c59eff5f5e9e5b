package bucket

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestMD5OfAnswer(t *testing.T) {
	const tag = `"9E107D9D372BB6826BD81D3542A419D6"`
	for name, c := range map[string]struct {
		out  s3.GetObjectOutput
		want string
	}{
		"none":             {s3.GetObjectOutput{}, ""},
		"plain":            {s3.GetObjectOutput{ETag: aws.String(tag)}, "9e107d9d372bb6826bd81d3542a419d6"},
		"S3's key":         {s3.GetObjectOutput{ETag: aws.String(tag), ServerSideEncryption: types.ServerSideEncryptionAes256}, "9e107d9d372bb6826bd81d3542a419d6"},
		"a KMS key":        {s3.GetObjectOutput{ETag: aws.String(tag), ServerSideEncryption: types.ServerSideEncryptionAwsKms}, ""},
		"two KMS keys":     {s3.GetObjectOutput{ETag: aws.String(tag), ServerSideEncryption: types.ServerSideEncryptionAwsKmsDsse}, ""},
		"a customer's key": {s3.GetObjectOutput{ETag: aws.String(tag), SSECustomerAlgorithm: aws.String("AES256")}, ""},
		"of parts":         {s3.GetObjectOutput{ETag: aws.String(`"9e107d9d372bb6826bd81d3542a419d6-2"`)}, ""},
		"something":        {s3.GetObjectOutput{ETag: aws.String(`"abc"`)}, ""},
	} {
		if got := md5Of(&c.out); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
