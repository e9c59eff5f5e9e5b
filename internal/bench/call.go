package main

import "fmt"

// call is what a record is about.
type call struct {
	service, name     string
	request, response string // JSON
	more              string // additionalEventData; empty for none
	resource, kind    string
	readOnly, data    bool
}

// call draws a call as often as accounts make them: most are reads, and data
// events where they are recorded.
func (w *writer) call() call {
	switch n := w.rand.IntN(100); {
	case n < 14:
		return w.assumeRole()
	case n < 34:
		return w.describe()
	case n < 56:
		return w.object()
	case n < 70:
		return w.decrypt()
	case n < 80:
		return w.item()
	case n < 88:
		return w.stream()
	case n < 95:
		return w.simple()
	case n < 98:
		return w.instances()
	}
	return w.policy()
}

func (w *writer) assumeRole() call {
	role := "arn:aws:iam::" + w.account + ":role/" + pick(w.rand, roles)
	session := "session-" + w.letters(12, alphanumeric)
	return call{
		service: "sts", name: "AssumeRole", readOnly: true, resource: role, kind: "AWS::IAM::Role",
		request: fields("roleArn", quoted(role), "roleSessionName", quoted(session), "durationSeconds", "3600"),
		response: fields("credentials", fields("accessKeyId", quoted("ASIA"+w.letters(16, capitals)), "sessionToken", quoted(w.letters(320, alphanumeric)),
			"expiration", `"Nov 2, 2026, 7:45:54 PM"`), "assumedRoleUser", fields("assumedRoleId", quoted("AROA"+w.letters(17, capitals)+":"+session), "arn", quoted(role+"/"+session))),
	}
}

func (w *writer) describe() call {
	name := pick(w.rand, []string{"DescribeInstances", "DescribeInstances", "DescribeVolumes", "DescribeSecurityGroups", "DescribeTags", "DescribeNetworkInterfaces", "DescribeRegions"})
	set := ""
	for i := range 1 + w.rand.IntN(6) {
		if i > 0 {
			set += ","
		}
		set += fields("instanceId", quoted("i-0"+w.letters(16, hexadecimal)))
	}
	return call{service: "ec2", name: name, readOnly: true, response: "null",
		request: fields("instancesSet", fields("items", "["+set+"]"), "filterSet", "{}", "maxResults", fmt.Sprint(5+w.rand.IntN(995)))}
}

func (w *writer) object() call {
	bucket := pick(w.rand, buckets)
	key := fmt.Sprintf("year=2026/month=11/day=%02d/part-%05d-%s.snappy.parquet", 1+w.rand.IntN(28), w.rand.IntN(100000), w.uuid())
	name, read := "GetObject", true
	if w.rand.IntN(5) == 0 {
		name, read = pick(w.rand, []string{"PutObject", "DeleteObject"}), false
	}
	return call{service: "s3", name: name, readOnly: read, data: true, response: "null",
		request:  fields("bucketName", quoted(bucket), "Host", quoted(bucket+".s3."+w.region+".amazonaws.com"), "key", quoted(key)),
		more:     fields("SignatureVersion", `"SigV4"`, "CipherSuite", `"TLS_AES_128_GCM_SHA256"`, "bytesTransferredIn", "0", "AuthenticationMethod", `"AuthHeader"`, "x-amz-id-2", quoted(w.letters(76, alphanumeric)), "bytesTransferredOut", fmt.Sprint(w.rand.IntN(1<<20))),
		resource: "arn:aws:s3:::" + bucket + "/" + key, kind: "AWS::S3::Object"}
}

func (w *writer) decrypt() call {
	key := "arn:aws:kms:" + w.region + ":" + w.account + ":key/" + w.uuid()
	return call{service: "kms", name: pick(w.rand, []string{"Decrypt", "Decrypt", "GenerateDataKey"}), readOnly: true, response: "null",
		request:  fields("encryptionContext", fields("aws:s3:arn", quoted("arn:aws:s3:::"+pick(w.rand, buckets))), "keyId", quoted(key), "encryptionAlgorithm", `"SYMMETRIC_DEFAULT"`),
		resource: key, kind: "AWS::KMS::Key"}
}

func (w *writer) item() call {
	table := pick(w.rand, tables)
	return call{service: "dynamodb", name: pick(w.rand, []string{"GetItem", "GetItem", "Query", "PutItem"}), readOnly: true, data: true, response: "null",
		request:  fields("tableName", quoted(table), "key", fields("pk", quoted("***"), "sk", quoted("***")), "consistentRead", "false"),
		resource: "arn:aws:dynamodb:" + w.region + ":" + w.account + ":table/" + table, kind: "AWS::DynamoDB::Table"}
}

func (w *writer) stream() call {
	return call{service: "logs", name: "CreateLogStream", response: "null",
		request: fields("logGroupName", quoted("/aws/lambda/"+pick(w.rand, lambdas)), "logStreamName", quoted("2026/11/02/[$LATEST]"+w.letters(32, hexadecimal)))}
}

func (w *writer) simple() call {
	c := pick(w.rand, []call{
		{service: "iam", name: "GetRole", readOnly: true}, {service: "iam", name: "ListAttachedRolePolicies", readOnly: true},
		{service: "iam", name: "CreateAccessKey"}, {service: "cloudtrail", name: "DescribeTrails", readOnly: true},
		{service: "ssm", name: "UpdateInstanceInformation"}, {service: "sts", name: "GetCallerIdentity", readOnly: true},
		{service: "secretsmanager", name: "GetSecretValue", readOnly: true}, {service: "elasticloadbalancing", name: "DescribeTargetHealth", readOnly: true},
	})
	c.request, c.response = fields("roleName", quoted(pick(w.rand, roles))), "null"
	return c
}

// instances is a call with a large answer.
func (w *writer) instances() call {
	set := ""
	for i := range 1 + w.rand.IntN(8) {
		if i > 0 {
			set += ","
		}
		set += fields("instanceId", quoted("i-0"+w.letters(16, hexadecimal)), "imageId", quoted("ami-0"+w.letters(16, hexadecimal)),
			"instanceState", fields("code", "0", "name", `"pending"`), "privateDnsName", quoted("ip-10-0-1-"+w.letters(2, "123456789")+".ec2.internal"),
			"instanceType", `"m7g.2xlarge"`, "placement", fields("availabilityZone", quoted(w.region+"a"), "tenancy", `"default"`),
			"monitoring", fields("state", `"disabled"`), "subnetId", quoted("subnet-0"+w.letters(16, hexadecimal)), "vpcId", quoted("vpc-0"+w.letters(16, hexadecimal)),
			"tagSet", fields("items", "["+fields("key", `"Name"`, "value", quoted(pick(w.rand, lambdas)))+","+fields("key", `"eventName"`, "value", `"ConsoleLogin"`)+"]"))
	}
	return call{service: "ec2", name: "RunInstances",
		request:  fields("instancesSet", fields("items", "["+fields("minCount", "1", "maxCount", "8")+"]"), "instanceType", `"m7g.2xlarge"`, "clientToken", quoted(w.uuid())),
		response: fields("requestId", quoted(w.uuid()), "reservationId", quoted("r-0"+w.letters(16, hexadecimal)), "ownerId", quoted(w.account), "instancesSet", fields("items", "["+set+"]"))}
}

// policy is a call whose parameters hold a document as a string, with names of
// fields in it that a search by text takes for the real ones.
func (w *writer) policy() call {
	document := `{
  "Version": "2012-10-17",
  "Statement": [{"Sid": "` + w.letters(8, alphanumeric) + `", "Effect": "Allow", "Action": ["s3:GetObject", "kms:Decrypt"],
    "Resource": "arn:aws:s3:::` + pick(w.rand, buckets) + `/*", "Condition": {"StringEquals": {"eventName":"ConsoleLogin"}}}]
}`
	return call{service: "iam", name: "PutRolePolicy", response: "null",
		request: fields("roleName", quoted(pick(w.rand, roles)), "policyName", quoted("access"), "policyDocument", quoted(document))}
}
