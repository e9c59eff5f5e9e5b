package cloudwatch

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/encoding/cbor"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/calltest"
)

var start = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

func newBench(t *testing.T, dir string) (*calltest.Bench, *cloudwatch.Client) {
	t.Helper()
	s, err := New(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	b := calltest.Start(t, s, start)
	return b, cloudwatch.NewFromConfig(b.Config(calltest.Account, calltest.Region))
}

func code(_ any, err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &api):
		return api.ErrorCode()
	}
	return err.Error()
}

func alarmInput(name string) *cloudwatch.PutMetricAlarmInput {
	return &cloudwatch.PutMetricAlarmInput{
		AlarmName: &name, MetricName: aws.String("RootUsage"), Namespace: aws.String("CISBenchmark"), Statistic: types.StatisticSum,
		Period: aws.Int32(300), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1.5), ComparisonOperator: types.ComparisonOperatorGreaterThanOrEqualToThreshold,
		AlarmActions: []string{"arn:aws:sns:us-east-1:123456789012:alarms"}, TreatMissingData: aws.String("notBreaching"),
		Dimensions: []types.Dimension{{Name: aws.String("d"), Value: aws.String("v")}}, AlarmDescription: aws.String("root & co"),
	}
}

func TestAlarms(t *testing.T) {
	dir := t.TempDir()
	b, client := newBench(t, dir)
	ctx := t.Context()
	for _, name := range []string{"b", "a", "c1", "c2"} {
		if _, err := client.PutMetricAlarm(ctx, alarmInput(name)); err != nil {
			t.Fatal(err)
		}
	}
	if c := b.Last(); c.EventSource != "monitoring.amazonaws.com" || c.RequestParameters["alarmName"] != "c2" || c.ReadOnly {
		t.Errorf("recorded: %+v", c)
	}
	b, client = newBench(t, dir) // the state stays
	out, err := client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"a", "none"}})
	if err != nil || len(out.MetricAlarms) != 1 {
		t.Fatalf("%+v %v", out, err)
	}
	a := out.MetricAlarms[0]
	got := fmt.Sprint(*a.AlarmArn, *a.AlarmDescription, *a.MetricName, *a.Namespace, a.Statistic, *a.Period, *a.EvaluationPeriods, *a.Threshold, a.ComparisonOperator,
		a.AlarmActions, *a.TreatMissingData, *a.Dimensions[0].Name, *a.ActionsEnabled, a.StateValue, a.AlarmConfigurationUpdatedTimestamp.Equal(start))
	const wanted = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:aroot & coRootUsageCISBenchmarkSum300 1 1.5GreaterThanOrEqualToThreshold" +
		"[arn:aws:sns:us-east-1:123456789012:alarms]notBreachingdtrueINSUFFICIENT_DATAtrue"
	if got != wanted {
		t.Errorf("got  %s\nwant %s", got, wanted)
	}
	changed := alarmInput("a")
	changed.Threshold = aws.Float64(7)
	if _, err := client.PutMetricAlarm(ctx, changed); err != nil {
		t.Fatal(err)
	}
	names, pages := "", cloudwatch.NewDescribeAlarmsPaginator(client, &cloudwatch.DescribeAlarmsInput{MaxRecords: aws.Int32(3)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.MetricAlarms {
			names += *a.AlarmName
		}
	}
	if names != "abc1c2" {
		t.Error(names)
	}
	for what, in := range map[string]*cloudwatch.DescribeAlarmsInput{
		"prefix": {AlarmNamePrefix: aws.String("c")},
		"action": {ActionPrefix: aws.String("arn:aws:sns:us-east-1:123456789012:al"), AlarmNames: []string{"c1", "c2"}},
		"state":  {StateValue: types.StateValueInsufficientData, AlarmNamePrefix: aws.String("c")},
	} {
		if out, err := client.DescribeAlarms(ctx, in); err != nil || len(out.MetricAlarms) != 2 {
			t.Errorf("%s: %+v %v", what, out, err)
		}
	}
	for what, in := range map[string]*cloudwatch.DescribeAlarmsInput{
		"prefix": {AlarmNamePrefix: aws.String("x")},
		"action": {ActionPrefix: aws.String("arn:aws:lambda")},
		"state":  {StateValue: types.StateValueOk},
		"type":   {AlarmTypes: []types.AlarmType{types.AlarmTypeCompositeAlarm}},
	} {
		if out, err := client.DescribeAlarms(ctx, in); err != nil || len(out.MetricAlarms) != 0 {
			t.Errorf("no %s: %+v %v", what, out, err)
		}
	}
	if got := code(client.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"a", "none", "b"}})); got != "" {
		t.Error(got)
	}
	if got := code(client.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{}})); got != "ValidationError" {
		t.Error(got)
	}
	if out, err := client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{}); err != nil || len(out.MetricAlarms) != 2 {
		t.Errorf("%+v %v", out, err)
	}
}

func TestRefusedAlarms(t *testing.T) {
	_, client := newBench(t, "")
	for what, change := range map[string]func(*cloudwatch.PutMetricAlarmInput){
		"period":     func(in *cloudwatch.PutMetricAlarmInput) { in.Period = aws.Int32(45) },
		"no periods": func(in *cloudwatch.PutMetricAlarmInput) { in.EvaluationPeriods = aws.Int32(0) },
		"too long":   func(in *cloudwatch.PutMetricAlarmInput) { in.EvaluationPeriods = aws.Int32(2017) },
		"statistic":  func(in *cloudwatch.PutMetricAlarmInput) { in.Statistic = "Most" },
		"none":       func(in *cloudwatch.PutMetricAlarmInput) { in.Statistic = "" },
		"comparison": func(in *cloudwatch.PutMetricAlarmInput) { in.ComparisonOperator = "Equal" },
		"threshold":  func(in *cloudwatch.PutMetricAlarmInput) { in.Threshold = nil },
		"infinite":   func(in *cloudwatch.PutMetricAlarmInput) { in.Threshold = aws.Float64(math.Inf(1)) },
		"action":     func(in *cloudwatch.PutMetricAlarmInput) { in.AlarmActions = []string{"me"} },
		"missing":    func(in *cloudwatch.PutMetricAlarmInput) { in.TreatMissingData = aws.String("x") },
		"points":     func(in *cloudwatch.PutMetricAlarmInput) { in.DatapointsToAlarm = aws.Int32(2) },
		"metric":     func(in *cloudwatch.PutMetricAlarmInput) { in.MetricName = nil },
	} {
		in := alarmInput("x")
		change(in)
		if got := code(client.PutMetricAlarm(t.Context(), in)); got != "ValidationError" {
			t.Errorf("%s: %q", what, got)
		}
	}
}

func TestCBOR(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(operation string, body []byte) (cbor.Map, *httptest.ResponseRecorder, *call.Call) {
		t.Helper()
		r := httptest.NewRequest("POST", "/service/GraniteServiceVersion20100801/operation/"+operation, nil)
		r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		c := &call.Call{HTTP: r, Body: body, Time: start, Account: calltest.Account, Region: calltest.Region, Operation: operation}
		w := httptest.NewRecorder()
		s.Serve(w, c)
		v, err := cbor.Decode(w.Body.Bytes())
		if err != nil {
			t.Fatalf("%s: %q: %v", operation, w.Body, err)
		}
		if w.Header().Get("Smithy-Protocol") != "rpc-v2-cbor" || w.Header().Get("Content-Type") != "application/cbor" {
			t.Errorf("%s: %v", operation, w.Header())
		}
		return v.(cbor.Map), w, c
	}
	alarm := cbor.Map{
		"AlarmName": cbor.String("a"), "MetricName": cbor.String("m"), "Namespace": cbor.String("n"), "Statistic": cbor.String("Sum"),
		"Period": cbor.Uint(300), "EvaluationPeriods": cbor.Uint(1), "Threshold": cbor.NegInt(1), "ComparisonOperator": cbor.String("LessThanThreshold"),
		"ActionsEnabled": cbor.Bool(false), "AlarmActions": cbor.List{cbor.String("arn:aws:sns:us-east-1:123456789012:t")},
		"Dimensions": cbor.List{cbor.Map{"Name": cbor.String("d"), "Value": cbor.String("v")}},
	}
	if out, w, _ := ask("PutMetricAlarm", cbor.Encode(alarm)); w.Code != 200 || len(out) != 0 {
		t.Fatalf("%d %v", w.Code, out)
	}
	out, _, _ := ask("DescribeAlarms", cbor.Encode(cbor.Map{"AlarmNames": cbor.List{cbor.String("a")}}))
	got := out["MetricAlarms"].(cbor.List)[0].(cbor.Map)
	for name, want := range map[string]cbor.Value{
		"AlarmName": cbor.String("a"), "Period": cbor.Uint(300), "Threshold": cbor.Float64(-1), "ActionsEnabled": cbor.Bool(false),
		"AlarmArn": cbor.String("arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"), "StateValue": cbor.String("INSUFFICIENT_DATA"),
	} {
		if got[name] != want {
			t.Errorf("%s: %v, want %v", name, got[name], want)
		}
	}
	if tag := got["StateUpdatedTimestamp"].(*cbor.Tag); tag.ID != 1 || tag.Value != cbor.Float64(start.Unix()) {
		t.Errorf("a time: %+v", tag)
	}
	if _, there := got["Unit"]; there || len(got["Dimensions"].(cbor.List)) != 1 {
		t.Errorf("%v", got)
	}
	out, w, c := ask("DeleteAlarms", cbor.Encode(cbor.Map{"AlarmNames": cbor.List{}}))
	if w.Code != 400 || out["__type"] != cbor.String("ValidationError") || c.Error == nil || w.Header().Get("X-Amzn-Query-Error") != "ValidationError;Sender" {
		t.Errorf("%d %v %v", w.Code, out, c.Error)
	}
	for _, body := range []string{"\xff", "\x61a", "\xa1"} {
		if out, w, _ := ask("DescribeAlarms", []byte(body)); w.Code != 400 || out["__type"] != cbor.String("SerializationException") {
			t.Errorf("%q: %d %v", body, w.Code, out)
		}
	}
}

func TestJSON(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := calltest.Start(t, s, start)
	ask := func(operation, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "POST", b.URL, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Target", Target+"."+operation)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	status, text := ask("PutMetricAlarm", `{"AlarmName":"a","MetricName":"m","Namespace":"n","Statistic":"Sum","Period":300,"EvaluationPeriods":1,"Threshold":1.5,
		"ComparisonOperator":"LessThanThreshold","OKActions":["arn:aws:sns:us-east-1:123456789012:t"],"Unit":null}`)
	if status != 200 || text != "{}" {
		t.Fatalf("%d %s", status, text)
	}
	_, text = ask("DescribeAlarms", `{}`)
	const when = "1772359200"
	const wanted = `{"CompositeAlarms":[],"MetricAlarms":[{"ActionsEnabled":true,"AlarmActions":[],"AlarmArn":"arn:aws:cloudwatch:us-east-1:123456789012:alarm:a",` +
		`"AlarmConfigurationUpdatedTimestamp":` + when + `,"AlarmName":"a","ComparisonOperator":"LessThanThreshold","Dimensions":[],"EvaluationPeriods":1,` +
		`"InsufficientDataActions":[],"MetricName":"m","Namespace":"n","OKActions":["arn:aws:sns:us-east-1:123456789012:t"],"Period":300,` +
		`"StateReason":"Unchecked: Initial alarm creation","StateTransitionedTimestamp":` + when + `,"StateUpdatedTimestamp":` + when + `,` +
		`"StateValue":"INSUFFICIENT_DATA","Statistic":"Sum","Threshold":1.5}]}`
	if text != wanted {
		t.Errorf("got  %s\nwant %s", text, wanted)
	}
	if status, text := ask("DeleteAlarms", `{"AlarmNames":["b"]}`); status != 200 || text != "{}" {
		t.Errorf("%d %s", status, text)
	}
	if status, text := ask("DeleteAlarms", `{"AlarmNames":[]}`); status != 400 || !strings.Contains(text, `"__type":"ValidationError"`) {
		t.Errorf("%d %s", status, text)
	}
	for _, body := range []string{"", "[]", "{", "null"} {
		if status, text := ask("DescribeAlarms", body); status != 400 || !strings.Contains(text, "SerializationException") {
			t.Errorf("%q: %d %s", body, status, text)
		}
	}
}
