import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.ServerVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.net.InetSocketAddress;

/**
 * One MongoDB-compatible server for tests: mongo-java-server with its documents in memory.
 *
 * <p>usage: java -cp CLASSES:LIB/* Launcher HOST PORT
 *
 * <p>Port 0 takes a free one. Standard output gets one line, {@code ready mongodb://HOST:PORT/}, once the
 * socket is bound. There is no shutdown hook on purpose: SIGTERM then ends the process at once, even while
 * a query is running, and there is nothing to save.
 */
public final class Launcher {
    private Launcher() {}

    public static void main(String[] words) {
        if (words.length != 2) {
            System.err.println("usage: Launcher HOST PORT");
            System.exit(2);
        }
        MongoServer server = new MongoServer(new MemoryBackend().version(ServerVersion.MONGO_5_0));
        server.bind(words[0], Integer.parseInt(words[1]));
        InetSocketAddress address = server.getLocalAddress();
        System.out.println("ready mongodb://" + words[0] + ":" + address.getPort() + "/");
    }
}
