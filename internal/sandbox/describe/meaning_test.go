package describe

import "testing"

func TestMeaning(t *testing.T) {
	rows := []struct {
		service, operation string
		reads, data        bool
	}{
		{"iam", "GetUser", true, false},
		{"iam", "CreateUser", false, false},
		{"sqs", "ReceiveMessage", true, true},
		{"sqs", "SendMessage", false, true},
		{"sqs", "PurgeQueue", false, false},
		{"sns", "Publish", false, true},
		{"sts", "AssumeRole", true, false},
		{"kms", "Decrypt", true, false},
		{"kms", "GenerateDataKeyWithoutPlaintext", true, false},
		{"kms", "ScheduleKeyDeletion", false, false},
		{"secretsmanager", "GetSecretValue", true, false},
		{"dynamodb", "Query", true, true},
		{"dynamodb", "BatchGetItem", true, true},
		{"dynamodb", "BatchWriteItem", false, true},
		{"dynamodb", "UpdateTable", false, false},
		{"lambda", "Invoke", false, true},
		{"logs", "FilterLogEvents", true, false},
		{"logs", "PutLogEvents", false, true},
		{"logs", "TestMetricFilter", true, false},
		{"ses", "VerifyEmailIdentity", false, false},
		{"elasticache", "TestFailover", false, false},
		{"license-manager", "CheckoutLicense", false, false}, // no whole word Check
		{"ec2", "DescribeInstances", true, false},
		{"cloudformation", "ValidateTemplate", true, false},
		{"athena", "StartQueryExecution", false, false},
		{"cognito-idp", "AdminGetUser", true, false},
		{"cognito-idp", "AdminCreateUser", false, false},
		{"kinesis", "PutRecords", false, true},
		{"iotdata", "Publish", false, true},
		{"x", "Issue", false, false},
	}
	for _, row := range rows {
		if got := readOnly(row.service, row.operation); got != row.reads {
			t.Errorf("%s %s reads: %t", row.service, row.operation, got)
		}
		if got := isData(row.service, row.operation); got != row.data {
			t.Errorf("%s %s is data: %t", row.service, row.operation, got)
		}
	}
}

func TestEventSource(t *testing.T) {
	for service, want := range map[string]string{
		"s3": "s3", "monitoring": "monitoring", "email": "ses", "ses": "ses", "states": "states", "es": "es", "rds-data": "rdsdata", "tagging": "tagging",
		"": "unknown", "a\x1b[1mb": "a[1mb",
	} {
		if got := eventSource(service); got != want+".amazonaws.com" {
			t.Errorf("%q: %s", service, got)
		}
	}
}
