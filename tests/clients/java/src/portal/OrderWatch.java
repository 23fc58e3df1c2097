package portal;

import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import kontor.v1.Common.Position;
import kontor.v1.OrderServiceGrpc;
import kontor.v1.OrderServiceGrpc.OrderServiceBlockingStub;
import kontor.v1.Watch.RecordChange;
import kontor.v1.Watch.WatchRequest;
import kontor.v1.Watch.WatchResponse;

// docs:begin watch
/** Follows what happens to the records below a prefix, through lost connections. */
public final class OrderWatch implements AutoCloseable {
    /** All that happened at one position, and where to go on when it is done with. */
    public record Step(List<RecordChange> changes, Position after) { }

    private final OrderServiceBlockingStub orders;
    private final WatchRequest request;
    private Position after;
    private Context.CancellableContext context;
    private Iterator<WatchResponse> stream;
    private List<RecordChange> gathered = new ArrayList<>(); // of which more is to come
    private final Queue<Step> whole = new ArrayDeque<>();
    private int failed;

    public OrderWatch(Channel channel, String prefix, Position after, boolean follow) {
        orders = OrderServiceGrpc.newBlockingStub(channel);
        request = WatchRequest.newBuilder().setIdPrefix(prefix).setFollow(follow).build();
        this.after = after;
    }

    /** Waits for the next step; null is the end of a watch that does not follow. */
    public Step next() {
        while (whole.isEmpty()) {
            try {
                if (stream == null) {
                    open();
                }
                if (stream.hasNext()) {
                    take(stream.next());
                    continue;
                }
                close();
                if (!request.getFollow()) {
                    return null;
                }
                Refusal.pause(failed++, Duration.ZERO);
            } catch (StatusRuntimeException error) {
                close();
                Refusal refusal = Refusal.of(error);
                // TRIMMED, HISTORY_CHANGED, SCOPE_CHANGED: list again, and watch from there.
                if (!refusal.isOpen() && !refusal.reason().equals("BEHIND")) {
                    throw error;
                }
                Refusal.pause(failed++, refusal.retryAfter());
            }
        }
        return whole.remove();
    }

    private void open() {
        context = Context.current().withCancellation();
        context.run(() -> stream = orders.watchOrders(request.toBuilder().setAfter(after).build()));
    }

    private void take(WatchResponse message) {
        failed = 0;
        for (RecordChange change : message.getChangesList()) {
            gathered.add(change);
            if (!change.getMore()) {
                finish(change.getSeq());
            }
        }
        // The broker's own position says that everything up to there was sent. Its scope_tag goes
        // back to the broker with the next request.
        if (message.hasPosition()) {
            after = after.toBuilder().setScopeTag(message.getPosition().getScopeTag()).build();
            if (message.getPosition().getSeq() > after.getSeq()) {
                finish(message.getPosition().getSeq());
            }
        }
    }

    private void finish(long seq) {
        after = after.toBuilder().setSeq(seq).build();
        if (!gathered.isEmpty()) {
            whole.add(new Step(gathered, after));
        }
        gathered = new ArrayList<>();
    }

    /** Ends the stream; what came by halves comes again. */
    @Override
    public void close() {
        if (context != null) {
            context.cancel(Status.CANCELLED.asException());
        }
        context = null;
        stream = null;
        gathered = new ArrayList<>();
    }
}
// docs:end watch
