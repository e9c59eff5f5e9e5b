package seed

// The actions of the account, by service. Names and parameters are those that
// the services' own records carry.

var (
	createUser = &action{source: "iam", name: "CreateUser", global: true,
		request: named("userName", userNames...),
		response: func(d *draw, p params) params {
			return params{"user": params{"userName": p["userName"], "path": "/", "userId": d.m.plan.PrincipalID("AIDA", d.account(), p["userName"].(string)),
				"arn": "arn:aws:iam::" + d.account() + ":user/" + p["userName"].(string), "createDate": d.at.Format("Jan 2, 2006, 3:04:05 PM")}}
		},
		failures: []failure{denied("iam:CreateUser"), {"EntityAlreadyExistsException", "User with that name already exists."}}, resource: iamARN("User", "userName")}
	attachPolicy = &action{source: "iam", name: "AttachRolePolicy", global: true,
		request: func(d *draw) params {
			return params{"roleName": pick(d, roleNames...), "policyArn": "arn:aws:iam::aws:policy/" + pick(d, "ReadOnlyAccess", "AmazonS3ReadOnlyAccess", "AdministratorAccess")}
		},
		failures: []failure{denied("iam:AttachRolePolicy"), {"NoSuchEntityException", "The role cannot be found."}}, resource: iamARN("Role", "roleName")}
	createRole = &action{source: "iam", name: "CreateRole", global: true,
		request: func(d *draw) params {
			return params{"roleName": pick(d, roleNames...), "assumeRolePolicyDocument": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`}
		},
		failures: []failure{denied("iam:CreateRole"), {"EntityAlreadyExistsException", "Role with that name already exists."}}, resource: iamARN("Role", "roleName")}
	createKey = &action{source: "iam", name: "CreateAccessKey", global: true,
		request: named("userName", userNames...),
		response: func(d *draw, p params) params {
			return params{"accessKey": params{"userName": p["userName"], "status": "Active", "accessKeyId": "AKIA" + d.m.plan.PrincipalID("", "", d.uuid())[:16],
				"createDate": d.at.Format("Jan 2, 2006, 3:04:05 PM")}}
		},
		failures: []failure{denied("iam:CreateAccessKey"), {"LimitExceededException", "Cannot exceed quota for AccessKeysPerUser: 2"}}, resource: iamARN("User", "userName")}
	listUsers = &action{source: "iam", name: "ListUsers", global: true, readOnly: true, request: nothing,
		failures: []failure{denied("iam:ListUsers"), throttled}}
	getRole = &action{source: "iam", name: "GetRole", global: true, readOnly: true, request: named("roleName", roleNames...),
		failures: []failure{{"NoSuchEntityException", "The role cannot be found."}}}
	getAccountSummary = &action{source: "iam", name: "GetAccountSummary", global: true, readOnly: true, request: nothing,
		failures: []failure{denied("iam:GetAccountSummary")}}

	assumeRole = &action{source: "sts", name: "AssumeRole", readOnly: true,
		request: func(d *draw) params {
			return params{"roleArn": "arn:aws:iam::" + d.account() + ":role/" + pick(d, roleNames...), "roleSessionName": pick(d, "console", "cli-session", "nightly", "worker"), "durationSeconds": 3600}
		},
		response: func(d *draw, p params) params {
			return params{"credentials": params{"accessKeyId": "ASIA" + d.m.plan.PrincipalID("", "", d.uuid())[:16], "sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS",
				"expiration": d.at.Add(3600e9).Format("Jan 2, 2006, 3:04:05 PM")}}
		},
		failures: []failure{denied("sts:AssumeRole")},
		resource: func(_ *draw, p params) (string, string) { return "AWS::IAM::Role", p["roleArn"].(string) }}
	getCallerIdentity = &action{source: "sts", name: "GetCallerIdentity", readOnly: true, request: nothing,
		failures: []failure{{"ExpiredToken", "The security token included in the request is expired"}}}

	describeInstances = &action{source: "ec2", name: "DescribeInstances", readOnly: true, request: filters("instancesSet"),
		failures: []failure{unauthorized("ec2:DescribeInstances"), ec2Throttle}}
	describeVolumes        = &action{source: "ec2", name: "DescribeVolumes", readOnly: true, request: filters("volumeSet"), failures: []failure{ec2Throttle}}
	describeSecurityGroups = &action{source: "ec2", name: "DescribeSecurityGroups", readOnly: true,
		request:  func(d *draw) params { return params{"securityGroupSet": params{}, "filterSet": params{}} },
		failures: []failure{unauthorized("ec2:DescribeSecurityGroups"), ec2Throttle}}
	runInstances = &action{source: "ec2", name: "RunInstances",
		request: func(d *draw) params {
			return params{"instanceType": pick(d, "t3.micro", "m7g.large", "c7i.xlarge"), "instancesSet": params{"items": []any{params{"imageId": d.known("ami-", 4, 17), "minCount": 1, "maxCount": 1}}},
				"monitoring": params{"enabled": false}, "disableApiTermination": false}
		},
		response: func(d *draw, p params) params {
			return params{"reservationId": d.id("r-", 17), "ownerId": d.account(), "instancesSet": params{"items": []any{params{"instanceId": d.known("i-", 12, 17), "instanceState": params{"code": 0, "name": "pending"}}}}}
		},
		failures: []failure{unauthorized("ec2:RunInstances"), {"Server.InsufficientInstanceCapacity", "We currently do not have sufficient capacity in the Availability Zone you requested."}}}
	stopInstances = &action{source: "ec2", name: "StopInstances", request: instance,
		failures: []failure{unauthorized("ec2:StopInstances"), {"Client.IncorrectInstanceState", "The instance is not in a state from which it can be stopped."}}}
	terminateInstances = &action{source: "ec2", name: "TerminateInstances", request: instance,
		failures: []failure{unauthorized("ec2:TerminateInstances"), {"Client.InvalidInstanceID.NotFound", "The instance ID does not exist"}}}
	authorizeIngress = &action{source: "ec2", name: "AuthorizeSecurityGroupIngress",
		request: func(d *draw) params {
			return params{"groupId": d.known("sg-", 6, 17), "ipPermissions": params{"items": []any{params{"ipProtocol": "tcp", "fromPort": 22, "toPort": 22,
				"ipRanges": params{"items": []any{params{"cidrIp": pick(d, "0.0.0.0/0", "203.0.113.0/24")}}}}}}}
		},
		response: func(d *draw, _ params) params { return params{"_return": true, "requestId": d.uuid()} },
		failures: []failure{unauthorized("ec2:AuthorizeSecurityGroupIngress"), {"Client.InvalidPermission.Duplicate", "the specified rule already exists"}}}
	createSnapshot = &action{source: "ec2", name: "CreateSnapshot",
		request: func(d *draw) params {
			return params{"volumeId": d.known("vol-", 8, 17), "description": "nightly backup"}
		},
		response: func(d *draw, p params) params {
			return params{"snapshotId": d.id("snap-", 17), "volumeId": p["volumeId"], "status": "pending", "progress": "0%"}
		},
		failures: []failure{ec2Throttle, {"Client.SnapshotCreationPerVolumeRateExceeded", "The maximum per volume CreateSnapshot request rate has been exceeded."}}}

	listBuckets = &action{source: "s3", name: "ListBuckets", readOnly: true, request: func(*draw) params { return params{"Host": "s3.amazonaws.com"} },
		failures: []failure{denied("s3:ListAllMyBuckets")}}
	getBucketLocation = &action{source: "s3", name: "GetBucketLocation", readOnly: true, request: bucketRequest("location"), resource: bucketARN,
		failures: []failure{denied("s3:GetBucketLocation")}}
	getBucketPolicy = &action{source: "s3", name: "GetBucketPolicy", readOnly: true, request: bucketRequest("policy"), resource: bucketARN,
		failures: []failure{{"NoSuchBucketPolicy", "The bucket policy does not exist"}, denied("s3:GetBucketPolicy")}}
	getBucketAcl = &action{source: "s3", name: "GetBucketAcl", readOnly: true, request: bucketRequest("acl"), resource: bucketARN,
		failures: []failure{{"AccessDenied", "Access Denied"}}}
	putBucketPolicy = &action{source: "s3", name: "PutBucketPolicy", request: bucketRequest("policy"), resource: bucketARN,
		failures: []failure{denied("s3:PutBucketPolicy"), {"MalformedPolicy", "Policy has invalid resource"}}}
	createBucket = &action{source: "s3", name: "CreateBucket", request: bucketRequest(""), resource: bucketARN,
		failures: []failure{{"BucketAlreadyExists", "The requested bucket name is not available."}}}

	decrypt = &action{source: "kms", name: "Decrypt", readOnly: true,
		request: func(d *draw) params {
			return params{"keyId": "arn:aws:kms:us-east-1:" + d.account() + ":key/" + pick(d, keys...), "encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
		},
		failures: []failure{denied("kms:Decrypt"), throttled}, resource: kmsARN}
	generateDataKey = &action{source: "kms", name: "GenerateDataKey", readOnly: true,
		request:  func(d *draw) params { return params{"keyId": pick(d, keys...), "keySpec": "AES_256"} },
		failures: []failure{denied("kms:GenerateDataKey"), throttled}, resource: kmsARN}

	getFunction = &action{source: "lambda", name: "GetFunction20150331v2", readOnly: true, request: named("functionName", functions...),
		failures: []failure{{"ResourceNotFoundException", "Function not found"}, {"TooManyRequestsException", "Rate exceeded"}}}
	updateFunction = &action{source: "lambda", name: "UpdateFunctionCode20150331v2",
		request: func(d *draw) params {
			return params{"functionName": pick(d, functions...), "publish": true, "dryRun": false}
		},
		response: func(d *draw, p params) params {
			return params{"functionName": p["functionName"], "runtime": "provided.al2023", "codeSize": 4_000_000 + d.IntN(100_000), "version": "$LATEST"}
		},
		failures: []failure{{"ResourceConflictException", "The operation cannot be performed at this time. An update is in progress."}, {"AccessDeniedException", "User: %u is not authorized to perform: lambda:UpdateFunctionCode"}}}

	describeDBs = &action{source: "rds", name: "DescribeDBInstances", readOnly: true, request: nothing, failures: []failure{{"Throttling", "Rate exceeded"}, denied("rds:DescribeDBInstances")}}

	createDBSnapshot = &action{source: "rds", name: "CreateDBSnapshot",
		request: func(d *draw) params {
			return params{"dBInstanceIdentifier": pick(d, "orders-db", "reports-db"), "dBSnapshotIdentifier": "nightly-" + d.at.Format("2006-01-02")}
		},
		response: func(d *draw, p params) params {
			return params{"dBSnapshotIdentifier": p["dBSnapshotIdentifier"], "status": "creating", "engine": "postgres", "snapshotType": "manual"}
		},
		failures: []failure{{"DBSnapshotAlreadyExistsFault", "Cannot create the snapshot because a snapshot with this identifier already exists."}}}

	describeTable = &action{source: "dynamodb", name: "DescribeTable", readOnly: true, request: named("tableName", tables...),
		failures: []failure{{"ResourceNotFoundException", "Requested resource not found"}, denied("dynamodb:DescribeTable")}}
	createTable = &action{source: "dynamodb", name: "CreateTable",
		request: func(d *draw) params {
			return params{"tableName": pick(d, tables...), "billingMode": "PAY_PER_REQUEST", "keySchema": []any{params{"attributeName": "id", "keyType": "HASH"}}}
		},
		response: func(d *draw, p params) params {
			return params{"tableDescription": params{"tableName": p["tableName"], "tableStatus": "CREATING"}}
		},
		failures: []failure{{"ResourceInUseException", "Table already exists"}}}

	getSecret = &action{source: "secretsmanager", name: "GetSecretValue", readOnly: true, request: named("secretId", secrets...),
		failures: []failure{denied("secretsmanager:GetSecretValue"), {"ResourceNotFoundException", "Secrets Manager can't find the specified secret."}}}
	getParameter = &action{source: "ssm", name: "GetParameter", readOnly: true,
		request: func(d *draw) params {
			return params{"name": pick(d, "/prod/orders/url", "/prod/flags"), "withDecryption": true}
		},
		failures: []failure{{"ParameterNotFound", ""}, throttled}}

	describeAlarms = &action{source: "monitoring", name: "DescribeAlarms", readOnly: true, request: func(*draw) params { return params{"maxRecords": 100} },
		failures: []failure{throttled}}
	putMetricAlarm = &action{source: "monitoring", name: "PutMetricAlarm",
		request: func(d *draw) params {
			return params{"alarmName": pick(d, "orders-errors", "cpu-high"), "namespace": "AWS/Lambda", "threshold": 1, "comparisonOperator": "GreaterThanThreshold"}
		},
		failures: []failure{throttled}}
	createLogGroup = &action{source: "logs", name: "CreateLogGroup", request: func(d *draw) params { return params{"logGroupName": "/aws/lambda/" + pick(d, functions...)} },
		failures: []failure{{"ResourceAlreadyExistsException", "The specified log group already exists"}}}
	createLogStream = &action{source: "logs", name: "CreateLogStream",
		request: func(d *draw) params {
			return params{"logGroupName": "/aws/lambda/" + pick(d, functions...), "logStreamName": d.at.Format("2006/01/02") + "/[$LATEST]" + d.id("", 32)}
		},
		failures: []failure{{"ResourceAlreadyExistsException", "The specified log stream already exists"}, throttled}}

	describeTrails = &action{source: "cloudtrail", name: "DescribeTrails", readOnly: true,
		request:  func(*draw) params { return params{"trailNameList": []any{}, "includeShadowTrails": true} },
		failures: []failure{denied("cloudtrail:DescribeTrails")}}
	getTrailStatus = &action{source: "cloudtrail", name: "GetTrailStatus", readOnly: true, request: named("name", "seed-trail"),
		failures: []failure{{"TrailNotFoundException", "Unknown trail: seed-trail for the user"}}}
	lookupEvents = &action{source: "cloudtrail", name: "LookupEvents", readOnly: true, request: func(*draw) params { return params{"maxResults": 50} },
		failures: []failure{throttled, denied("cloudtrail:LookupEvents")}}
)
