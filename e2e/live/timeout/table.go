package timeout

import "time"

// The cluster and the API server.
var (
	ClusterCreate = limit("ClusterCreate", 10*time.Minute, "kind makes a cluster: nodes, network, images")
	ClusterDelete = limit("ClusterDelete", 2*time.Minute, "the nodes of a cluster are deleted, also after the run itself was stopped")
	NodesReady    = limit("NodesReady", 3*time.Minute, "the nodes of a new cluster are ready, have pod subnets and reach Services; kube-proxy is the last to start")
	NodesRevive   = limit("NodesRevive", 30*time.Second, "a kept cluster answers and its nodes are ready; one that was left in order is at once, another is made anew")
	ReadyzCall    = limit("ReadyzCall", 10*time.Second, "one call of /readyz; it is repeated within NodesReady or NodesRevive")
	ServiceCall   = limit("ServiceCall", time.Second, "one call of the API server by its Service address from a node; it hangs until kube-proxy translates the address, and is repeated within NodesReady")
	Discovery     = limit("Discovery", 32*time.Second, "one question for what the API server serves; client-go's own limit, which is not in force where an http.Client is given (discovery.NewDiscoveryClientForConfig)")
	PortForward   = limit("PortForward", 10*time.Second, "a port-forward connection to a pod is made through API server and kubelet")
	ServerClock   = limit("ServerClock", 4*time.Second, "the API server's clock is measured; it tells whole seconds, and three edges of a second are needed at least")
	NextSecond    = limit("NextSecond", 3*time.Second, "the API server's clock reaches its next second, so that an object is dated later than another")
	Removed       = limit("Removed", 3*time.Minute, "what a run made on an existing cluster is gone; a namespace goes after all that is in it")
)

// The mesh.
var (
	Install      = limit("Install", 5*time.Minute, "istioctl install, which waits until istiod and the gateway are ready")
	InstallGrace = limit("InstallGrace", 10*time.Second, "istioctl ends by itself after an interrupt")
	RollOut      = limit("RollOut", 3*time.Minute, "a workload rolls out, and all of its pods are ready")
	PlaneReady   = limit("PlaneReady", 30*time.Second, "a control plane that was installed is whole, or it ends again and again")
	PodsEnd      = limit("PodsEnd", time.Minute, "pods that were replaced have ended, drained as in production; longer than a pod's termination grace period of 30 s")
	Ask          = limit("Ask", 10*time.Second, "one question to a proxy, an istiod or an agent; longer than a Request or Probe of an agent together with the 5 s that it gives istiod for a certificate")
	Reattach     = limit("Reattach", 3*time.Second, "a proxy without a stream to istiod takes one up again, which Envoy does within a second; then it counts as cut off")
	RevisionSees = limit("RevisionSees", 5*time.Second, "a second control plane knows what the first has sent already")
	Settle       = limit("Settle", 10*time.Second, "a change reaches every proxy concerned; Istio's own time is a fraction of a second")
	InForce      = limit("InForce", 2*time.Second, "acknowledged configuration is in force; a new cluster or listener warms first")
	Agree        = limit("Agree", 75*time.Second, "istiod knows what the API server has, of each kind by itself; once a list or a watch was refused, client-go asks again after up to 30 s, which its jitter doubles (k8s.io/client-go tools/cache/reflector.go)")
	Attach       = limit("Attach", 45*time.Second, "proxies that were cut off hold a stream again; Envoy tries more and more rarely, down to every 30 s")
	Drain        = limit("Drain", 5*time.Second, "a connection ends with the configuration that it belongs to; longer than the mesh's drainDuration of 2 s")
	Renew        = limit("Renew", time.Minute, "a short-lived certificate is renewed, which happens every half a minute (fixtures/base/order-service.yaml)")
	Account      = limit("Account", time.Minute, "a workload rolls out under another ServiceAccount")
	Authority    = limit("Authority", time.Minute, "the proxies follow a change of the mesh's CA; the kubelet mounts istiod's secret first, and the roots that istiod hands out after it")
	PodEnd       = limit("PodEnd", 3*time.Second, "the kubelet tells that a container has ended, which may explain a request without an answer")
)

// Requests, and what is observed of them.
var (
	Request = limit("Request", 3*time.Second, "one request or probe; a refusal comes at once, so only a hop that hangs takes so long")
	Silence = limit("Silence", time.Second, "one request where the server speaks first; a client that has heard nothing by then hears nothing, for both ends wait")
	Pass    = limit("Pass", 500*time.Millisecond, "one try to reach a Service; a node that does not know it yet lets the connection hang, and it is tried again within Settle")
	Flow    = limit("Flow", 10*time.Second, "background traffic comes as far as a step needs, at 20 requests a second; longer than Request, in which requests that hang end, and what is missing after it is for the verdict to say")
	Reach   = limit("Reach", time.Minute, "requests are made for a destination of routes, 1,500 at most; it ends between two rounds of them")
	LogOpen = limit("LogOpen", 10*time.Second, "the log stream of a proxy is open")
	LogLine = limit("LogLine", 3*time.Second, "a line that must come is in a proxy's log; proxies flush theirs every 50 ms")
	Diag    = limit("Diag", 10*time.Second, "one piece of the diagnostics of a case that is not green")
)

// Cases and mutants.
var (
	Revert       = limit("Revert", 30*time.Second, "one step of a clean-up, which goes on after the case itself was interrupted; longer than Settle")
	CaseLease    = limit("CaseLease", 10*time.Minute, "the lease of a case, which ends its changes if the run dies; longer than Case with its clean-up, and never above the hour that a lease may stand")
	MutantLease  = limit("MutantLease", 10*time.Minute, "the lease of a sabotage, which ends it if the run dies; longer than Mutant, and never above the hour that a lease may stand")
	Bite         = limit("Bite", 15*time.Second, "a sabotage is in force, as its proof shows")
	Undo         = limit("Undo", 2*time.Minute, "a sabotage is taken back, beside what the mesh takes to come back after it")
	FirstLease   = limit("FirstLease", 30*time.Second, "a case takes its lease, for a fault that ends it")
	RefusalKnown = limit("RefusalKnown", 10*time.Second, "the API server obeys a new webhook, of which its informer tells it")
)

// The suite, in e2e/*_test.go.
var (
	Suite        = limit("Suite", time.Hour, "all specs of a round")
	SuiteGrace   = limit("SuiteGrace", time.Minute, "Ginkgo ends by itself after an interrupt, with the clean-up of the spec that it was at")
	SuiteEnd     = limit("SuiteEnd", 90*time.Second, "the process of the suite ends after an interrupt, and is killed then; longer than SuiteGrace")
	SuiteBegins  = limit("SuiteBegins", 4*time.Minute, "the suite opens logs and taps, ends what an earlier run left, and waits for the mesh; longer than Attach and Agree together")
	SuiteEnds    = limit("SuiteEnds", time.Minute, "the suite ends its leases and searches its artifacts for secrets")
	Case         = limit("Case", 3*time.Minute, "one case, with all of its steps")
	Profile      = limit("Profile", 6*time.Minute, "the case of Istio's default profile, for which a second control plane is installed; longer than Install")
	Stage        = limit("Stage", 15*time.Minute, "one stage of an upgrade: the moves to it, and its cases; longer than Install, and with FULL=1 all quick cases")
	WrongUpgrade = limit("WrongUpgrade", 15*time.Minute, "an upgrade that goes wrong on purpose, up to the stage at which that is noticed")
	Watch        = limit("Watch", 55*time.Minute, "an upgrade that others make, with all that is judged in it; shorter than Suite, and than the hour that the lease of the gateway's filter may stand")
	Mutant       = limit("Mutant", 3*time.Minute, "one mutant that names its cases")
	MutantWhole  = limit("MutantWhole", 20*time.Minute, "one mutant that is tried against all quick cases")
	Fault        = limit("Fault", 8*time.Minute, "one fault in the middle of a case, and the recovery from it")
	Recovery     = limit("Recovery", 3*time.Minute, "after a fault the mesh is as before, and its logs are read on; longer than Attach and Agree together")
	Restart      = limit("Restart", 3*time.Minute, "two cases with a restart of istiod")
	Begin        = limit("Begin", 4*time.Minute, "a run begins on a mesh that is not as it should be; a server rolls out twice")
	WrongClock   = limit("WrongClock", 4*time.Minute, "a case under a tap with a wrong clock; the tap rolls out twice")
	LeaseEnd     = limit("LeaseEnd", 3*time.Minute, "a lease is ended by the sweeper, while something else is broken")
	IstiodReturn = limit("IstiodReturn", time.Minute, "an istiod that was stopped is ready again, and the sweeper has ended what waited for it")
	Kills        = limit("Kills", 20*time.Minute, "twenty runs are killed, each with a next one that must be green")
	LockSpec     = limit("LockSpec", 6*time.Minute, "two runs on one cluster; the second waits more than a minute for the lock of the first")
	LockTaken    = limit("LockTaken", 2*time.Minute, "a second run takes the lock of one that sleeps; longer than the minute that a lock holds without a renewal")
	LockNoticed  = limit("LockNoticed", 30*time.Second, "a run notices that another has the lock")
	ExistingRun  = limit("ExistingRun", time.Minute, "a run on an existing cluster has made its objects, or has removed them")
	TLSCheck     = limit("TLSCheck", time.Minute, "tls-check prints the guide's row")
)

// tls-check and Kiali.
var (
	Propagation = limit("Propagation", 3*time.Second, "a change gets from the API server to the proxies; a mismatch that stands for so long is none that was on its way")
	ProbeReady  = limit("ProbeReady", time.Minute, "the pod of --probe is ready; its image may have to be pulled")
	Probe       = limit("Probe", 3*time.Second, "one try of the pod of --probe")
	ProbeGone   = limit("ProbeGone", 10*time.Second, "the pod of --probe is deleted, also after an interrupt")
	KialiAsk    = limit("KialiAsk", 5*time.Second, "one question to a Kiali")
	KialiReady  = limit("KialiReady", 3*time.Minute, "Istio's Kiali addon is pulled and available")
	KialiAddon  = limit("KialiAddon", 30*time.Second, "the manifest of Istio's Kiali addon is downloaded")
)

// Commands, and what they start.
var (
	ScriptGrace = limit("ScriptGrace", 30*time.Second, "a script or the compiler takes back what it has begun after an interrupt")
	Leftovers   = limit("Leftovers", 10*time.Second, "the processes of a run that was killed end")
	Browser     = limit("Browser", time.Minute, "one page of a test in Chromium, with all that is done there")
	CodeMutant  = limit("CodeMutant", 2*time.Minute, "the unit tests of one package under one mistake of codemutants, which may make them run on")
)

// Of scripts/*.sh, which have them from scripts/lib/timeout.sh, in whole seconds.
var scripts = []Limit{
	limit("EngineAnswer", 20*time.Second, "a container engine answers one question"),
	limit("EngineStart", time.Minute, "a Docker that was started answers"),
	limit("EngineAppear", 3*time.Second, "the process of a Docker that was started is to be seen; without one after that, it has failed"),
	limit("AptLock", 2*time.Minute, "another installation of Debian packages ends"),
	limit("Registry", 3*time.Second, "a registry answers, else lane auto takes source"),
	limit("ImagePull", 10*time.Minute, "one image is pulled from a registry; kind's node image, the largest, has some 400 MB, which is 6 Mbit/s"),
	limit("NodeRuntime", time.Minute, "containerd answers in the container that becomes the node image"),
	limit("NodeRuntimeEnd", 20*time.Second, "that containerd ends"),
}
