package trail

import "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

// Insights are the unusual activities that a trail looks for.
type Insights struct {
	Selectors []types.InsightSelector
}
