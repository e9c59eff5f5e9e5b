// Package upstream is another local AWS (LocalStack, moto, or any endpoint)
// that stands behind the sandbox in the place of its own services: calls are
// passed on to it unchanged, and CloudTrail delivers into its buckets, topics
// and log groups through its own API. It records nothing and knows nothing of
// trails.
package upstream
