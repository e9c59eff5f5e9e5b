// The JavaScript SDK creates a trail, makes ten calls and finds each of them
// again: in the event history, and in the log files that the trail delivers.
// usage: node sdk.mjs FOLDER (which holds node_modules)
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";

const load = createRequire(resolve(process.argv[2]) + "/");
const trails = load("@aws-sdk/client-cloudtrail");
const s3 = load("@aws-sdk/client-s3");
const sts = load("@aws-sdk/client-sts");
const iam = load("@aws-sdk/client-iam");
const sns = load("@aws-sdk/client-sns");
const sqs = load("@aws-sdk/client-sqs");
const logs = load("@aws-sdk/client-cloudwatch-logs");

const cloudtrail = new trails.CloudTrailClient();
const store = new s3.S3Client({ forcePathStyle: true });
const base = `javascript-sdk-${Date.now()}`; // an upstream may have seen others
const bucket = base + "-logs";
const service = { Service: "cloudtrail.amazonaws.com" };
const document = (...statements) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const trust = document({ Effect: "Allow", Principal: service, Action: "sts:AssumeRole" });

let passed = 0, failed = 0;
function check(holds, text, ...seen) {
  if (holds) {
    passed++;
    console.log("ok: javascript:", text);
  } else {
    failed++;
    console.log("FAILED: javascript:", text, ...seen.map((s) => JSON.stringify(s)));
  }
}

const ten = [
  [store, new s3.CreateBucketCommand({ Bucket: base + "-data" })],
  [store, new s3.PutBucketTaggingCommand({ Bucket: base + "-data", Tagging: { TagSet: [{ Key: "a", Value: "1" }] } })],
  [store, new s3.GetBucketPolicyCommand({ Bucket: base + "-data" })], // fails
  [new sts.STSClient(), new sts.GetCallerIdentityCommand({})],
  [new iam.IAMClient(), new iam.CreateRoleCommand({ RoleName: base, AssumeRolePolicyDocument: trust })],
  [new iam.IAMClient(), new iam.GetRoleCommand({ RoleName: base + "-nobody" })], // fails
  [new sns.SNSClient(), new sns.CreateTopicCommand({ Name: base })],
  [new sqs.SQSClient(), new sqs.CreateQueueCommand({ QueueName: base })],
  [new logs.CloudWatchLogsClient(), new logs.CreateLogGroupCommand({ logGroupName: base })],
  [cloudtrail, new trails.GetTrailCommand({ Name: base + "-nobody" })], // fails
];

// One call: its event name, its request id, and the error it ended with.
async function make([client, command]) {
  const name = command.constructor.name.replace(/Command$/, "");
  try {
    const answer = await client.send(command);
    return { name, request: answer.$metadata.requestId };
  } catch (error) {
    if (!error.$metadata?.requestId) throw error;
    return { name, request: error.$metadata.requestId, error: error.name };
  }
}

async function lookedUp(name) {
  const found = [];
  const attributes = [{ AttributeKey: "EventName", AttributeValue: name }];
  for await (const page of trails.paginateLookupEvents({ client: cloudtrail, pageSize: 20 }, { LookupAttributes: attributes }))
    found.push(...page.Events.map((e) => JSON.parse(e.CloudTrailEvent)));
  return found;
}

async function delivered() {
  const records = [];
  let files = 0;
  for await (const page of s3.paginateListObjectsV2({ client: store, pageSize: 5 }, { Bucket: bucket, Prefix: "AWSLogs/" }))
    for (const { Key } of page.Contents ?? []) {
      if (!Key.includes("/CloudTrail/")) continue;
      const object = await store.send(new s3.GetObjectCommand({ Bucket: bucket, Key }));
      records.push(...JSON.parse(gunzipSync(await object.Body.transformToByteArray())).Records);
      files++;
    }
  return { files, records };
}

const made = [];
try {
  await store.send(new s3.CreateBucketCommand({ Bucket: bucket }));
  await store.send(new s3.PutBucketPolicyCommand({ Bucket: bucket, Policy: document(
    { Effect: "Allow", Principal: service, Action: "s3:GetBucketAcl", Resource: `arn:aws:s3:::${bucket}` },
    { Effect: "Allow", Principal: service, Action: "s3:PutObject", Resource: `arn:aws:s3:::${bucket}/AWSLogs/*`,
      Condition: { StringEquals: { "s3:x-amz-acl": "bucket-owner-full-control" } } }) }));
  await cloudtrail.send(new trails.CreateTrailCommand({ Name: base, S3BucketName: bucket, IsMultiRegionTrail: true }));
  await cloudtrail.send(new trails.StartLoggingCommand({ Name: base }));

  for (const call of ten) made.push(await make(call));
  check(made.filter((m) => m.error).length === 3, "ten calls, three of which fail", made);
  check(made[9].error === "TrailNotFoundException", "the last one's error is a TrailNotFoundException", made[9]);
  for (const { name, request, error } of made) {
    const found = (await lookedUp(name)).filter((e) => e.requestID === request);
    check(found.length === 1 && found[0].eventName === name, `LookupEvents finds ${name} by its request id, once`, request, found.length);
    check(!error === !found[0]?.errorCode, `its error code is ${found[0]?.errorCode}`, error, found);
  }
  let last;
  for (let i = 0; i < 60; i++) {
    last = await delivered();
    const seen = new Set(last.records.map((r) => r.requestID));
    if (made.every((m) => seen.has(m.request))) break;
    await sleep(500);
  }
  const counts = made.map((m) => last.records.filter((r) => r.requestID === m.request).length);
  check(counts.every((n) => n === 1), `each of the ten is in ${last.files} delivered log files once`, counts);
  await cloudtrail.send(new trails.DeleteTrailCommand({ Name: base }));
} catch (error) {
  check(false, "the script runs to its end", String(error.stack ?? error));
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
