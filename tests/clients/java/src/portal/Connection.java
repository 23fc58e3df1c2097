package portal;

import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.io.File;
import java.io.IOException;

/** A connection to the broker. */
public final class Connection implements AutoCloseable {
    private final ManagedChannel channel;

    // docs:begin connect
    /** It proves who calls; it dials when first used, and again whenever it is lost. */
    public Connection(String address, File ca, File cert, File key) throws IOException {
        channel = Grpc.newChannelBuilder(address, TlsChannelCredentials.newBuilder()
            .trustManager(ca).keyManager(cert, key).build()).build();
    }
    // docs:end connect

    public Channel channel() {
        return channel;
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
