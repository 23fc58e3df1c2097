package portal;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;

// docs:begin refusal
/** What an error says to a program: docs/errors.md has every reason. Fields are paths of what is
 * wrong in the request. */
public record Refusal(Status.Code status, String reason, Map<String, String> metadata,
                      List<String> fields, Duration retryAfter) {

    public static Refusal of(StatusRuntimeException error) {
        String reason = "";
        Map<String, String> metadata = Map.of();
        List<String> fields = new ArrayList<>();
        Duration retryAfter = Duration.ZERO;
        try {
            for (Any detail : StatusProto.fromThrowable(error).getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    reason = detail.unpack(ErrorInfo.class).getReason();
                    metadata = detail.unpack(ErrorInfo.class).getMetadataMap();
                } else if (detail.is(BadRequest.class)) {
                    detail.unpack(BadRequest.class).getFieldViolationsList()
                        .forEach(violation -> fields.add(violation.getField()));
                } else if (detail.is(RetryInfo.class)) {
                    var delay = detail.unpack(RetryInfo.class).getRetryDelay();
                    retryAfter = Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
                }
            }
        } catch (InvalidProtocolBufferException damaged) {
            // What cannot be read says nothing; the status does.
        }
        return new Refusal(error.getStatus().getCode(), reason, metadata, fields, retryAfter);
    }
    // docs:end refusal

    // docs:begin repeat
    private static final Set<String> OPEN = Set.of("CONTENTION", "OVERLOADED", "OUTCOME_UNKNOWN");
    private static final long REPEAT_SECONDS = 25;

    /** Whether the same request may end better when it is sent again. */
    public boolean isOpen() {
        return status == Status.Code.UNAVAILABLE || OPEN.contains(reason);
    }

    /** Told of each refusal after which a call is made again. */
    public static volatile Consumer<Refusal> onRetry = refusal -> { };

    /** Makes a call until its outcome is known, or the time is over. It sends the very same request
     * each time, so that its request_id makes many attempts one change. */
    public static <T> T repeat(Supplier<T> call) {
        long end = System.nanoTime() + Duration.ofSeconds(REPEAT_SECONDS).toNanos();
        for (int attempt = 0; ; attempt++) {
            try {
                return call.get();
            } catch (StatusRuntimeException error) {
                Refusal refusal = Refusal.of(error);
                if (!refusal.isOpen() || System.nanoTime() > end) {
                    throw error;
                }
                onRetry.accept(refusal);
                pause(attempt, refusal.retryAfter());
            }
        }
    }

    /** Random by half, so that callers cut off together do not come back together. */
    public static void pause(int attempt, Duration retryAfter) {
        long limit = 50L << Math.min(attempt, 6);
        long ms = retryAfter.toMillis() + ThreadLocalRandom.current().nextLong(limit / 2, limit);
        try {
            Thread.sleep(ms);
        } catch (InterruptedException asked) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("asked to end", asked);
        }
    }
    // docs:end repeat
}
