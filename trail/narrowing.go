package trail

// narrowing are the settings whose change makes a trail record or protect less
// than before, in words. What its selectors lose is said by their own step.
func narrowing(has, want Trail) []string {
	var list []string
	if has.MultiRegion && !want.MultiRegion {
		list = append(list, "what happens outside "+want.HomeRegion+" is no longer recorded by it")
	}
	if has.Organization && !want.Organization {
		list = append(list, "the other accounts of the organization are no longer recorded by it")
	}
	if has.GlobalServiceEvents && !want.GlobalServiceEvents {
		list = append(list, "global services such as IAM are no longer recorded by it")
	}
	if has.KMSKey != "" && want.KMSKey == "" {
		list = append(list, "log files are no longer encrypted with key "+has.KMSKey+", but as the bucket does by default; those that are there need the key to be read")
	}
	if has.Bucket != want.Bucket || has.Prefix != want.Prefix {
		list = append(list, "event notifications of the bucket do not follow by themselves: \"trailctl bucket show "+has.Bucket+"\" shows those there are, \"trailctl bucket notify\" makes one")
	}
	return list
}
