package xds

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// port is istiod's for xDS in the clear.
const port = "15010"

// Dial connects to the istiod in a pod, POD.NAMESPACE, over a dialer into pods such as that of kube's Transport.
func Dial(dial func(ctx context.Context, network, address string) (net.Conn, error), pod string) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///"+pod+":"+port,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return dial(ctx, "tcp", address) }))
}
