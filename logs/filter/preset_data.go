package filter

// The sets that ask what was read, run and destroyed.
func presetsData() []Preset {
	return []Preset{
		{
			Name: "secrets-read", Help: "Which secrets, parameters and passwords were read?",
			AnyOf: [][]string{
				calls("secretsmanager", "GetSecretValue BatchGetSecretValue"),
				calls("ssm", "GetParameter GetParameters GetParametersByPath GetParameterHistory", "requestParameters.withDecryption=true"),
				calls("ec2", "GetPasswordData"),
				calls("ec2", "DescribeInstanceAttribute", "requestParameters.attribute=userData"),
				calls("lightsail", "GetInstanceAccessDetails DownloadDefaultKeyPair GetRelationalDatabaseMasterUserPassword"),
				calls("redshift", "GetClusterCredentials GetClusterCredentialsWithIAM"),
			},
		},
		{
			Name: "execution", Help: "Where was somebody's code started, or a model switched on?",
			AnyOf: [][]string{
				calls("ec2", "RunInstances StartInstances RequestSpotInstances RequestSpotFleet CreateFleet"),
				calls("ec2", "ModifyInstanceAttribute", "requestParameters.userData exists"),
				calls("ec2-instance-connect", "SendSSHPublicKey SendSerialConsoleSSHPublicKey OpenTunnel"),
				calls("ssm", "SendCommand StartSession ResumeSession StartAutomationExecution CreateAssociation"),
				calls("lambda", "CreateFunction20150331 CreateFunction UpdateFunctionCode* UpdateFunctionConfiguration* PublishLayerVersion*"),
				calls("ecs", "RunTask StartTask ExecuteCommand CreateService"),
				calls("eks", "CreateCluster CreateNodegroup CreateFargateProfile"),
				calls("batch", "SubmitJob"),
				calls("codebuild", "CreateProject UpdateProject StartBuild"),
				calls("glue", "CreateDevEndpoint UpdateDevEndpoint CreateJob UpdateJob StartJobRun"),
				calls("sagemaker", "CreateNotebookInstance CreatePresignedNotebookInstanceUrl CreateProcessingJob CreateTrainingJob"),
				calls("lightsail", "CreateInstances"),
				calls("bedrock", "PutUseCaseForModelAccess CreateFoundationModelAgreement PutFoundationModelEntitlement"),
				calls("cloudformation", "CreateStack UpdateStack CreateStackSet CreateStackInstances"),
				calls("autoscaling", "CreateAutoScalingGroup UpdateAutoScalingGroup CreateLaunchConfiguration"),
			},
		},
		{
			Name: "deletions", Help: "What was destroyed: data, backups, keys, machines?",
			AnyOf: [][]string{
				calls("s3", "DeleteBucket DeleteObject DeleteObjects PutBucketLifecycle*"),
				calls("ec2", "TerminateInstances DeleteVolume DeleteSnapshot DeregisterImage"),
				calls("rds", `DeleteDBInstance DeleteDBCluster DeleteDBSnapshot DeleteDBClusterSnapshot DeleteDBInstanceAutomatedBackup
					DeleteDBClusterAutomatedBackup DeleteGlobalCluster`),
				calls("dynamodb", "DeleteTable DeleteBackup"),
				calls("redshift", "DeleteCluster DeleteClusterSnapshot"),
				calls("elasticfilesystem", "DeleteFileSystem"),
				calls("backup", "DeleteRecoveryPoint DeleteBackupVault DeleteBackupPlan"),
				calls("kms", "ScheduleKeyDeletion DisableKey DeleteImportedKeyMaterial"),
				calls("secretsmanager", "DeleteSecret"),
				calls("ssm", "DeleteParameter DeleteParameters"),
				calls("ecr", "DeleteRepository BatchDeleteImage"),
				calls("eks", "DeleteCluster"),
				calls("cloudformation", "DeleteStack"),
				calls("cognito-idp", "DeleteUserPool"),
				calls("organizations", "CloseAccount RemoveAccountFromOrganization"),
			},
		},
	}
}
