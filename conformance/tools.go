//go:build tools

// Package conformance names the programs whose modules go.mod pins: upstream's end-to-end suite and what its images hold.
package conformance

import (
	_ "k8s.io/kubernetes/cmd/kubectl"
	_ "k8s.io/kubernetes/test/e2e"
	_ "k8s.io/kubernetes/test/images/agnhost"
)
