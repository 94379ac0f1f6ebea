// CoreDNS with the plugins that a cluster's names take.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/metrics"
	_ "github.com/coredns/coredns/plugin/ready"
)

// Their order is that of upstream's plugin.cfg.
func init() {
	dnsserver.Directives = []string{"health", "ready", "prometheus", "errors", "kubernetes"}
}

func main() {
	coremain.Run()
}
