package portal;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import kontor.v1.Catalogue.IntegerParameter;
import kontor.v1.Catalogue.Parameter;
import kontor.v1.Common.ParameterValue;
import kontor.v1.FulfilmentServiceGrpc;
import kontor.v1.FulfilmentServiceGrpc.FulfilmentServiceBlockingStub;
import kontor.v1.FulfilmentServiceOuterClass.AskInfoRequest;
import kontor.v1.FulfilmentServiceOuterClass.BeginRequest;
import kontor.v1.FulfilmentServiceOuterClass.ClaimRequest;
import kontor.v1.FulfilmentServiceOuterClass.ClaimedJob;
import kontor.v1.FulfilmentServiceOuterClass.CompleteRequest;
import kontor.v1.FulfilmentServiceOuterClass.FailRequest;
import kontor.v1.FulfilmentServiceOuterClass.RegisterAgentRequest;
import kontor.v1.FulfilmentServiceOuterClass.RenewRequest;
import kontor.v1.FulfilmentServiceOuterClass.RenewResponse;
import kontor.v1.FulfilmentServiceOuterClass.ReportRequest;
import kontor.v1.FulfilmentServiceOuterClass.ReportResponse;
import kontor.v1.OrderOuterClass.Delivery;
import kontor.v1.OrderOuterClass.JobKind;
import kontor.v1.OrderOuterClass.OrderItem;
import kontor.v1.OrderOuterClass.Session;

/** A provider's agent: carries out what is ordered from some offers, one job at a time. */
public final class Agent {
    /** The job is somebody else's now, or may be. */
    private static final class Lost extends Exception { }

    private final FulfilmentServiceBlockingStub stub;
    private final Session session;
    // Guarded by this: renewals come from another thread.
    private long leaseEnd; // by the monotonic clock
    private long fence;    // of the job that was claimed last
    private long claimedAt;
    private boolean isLost; // that job is somebody else's now, or the session is over

    private FulfilmentServiceBlockingStub jobs() {
        return stub.withDeadlineAfter(25, SECONDS);
    }

    private static String fresh() {
        return UUID.randomUUID().toString();
    }

    // docs:begin register
    /** Opens a session: what holds the leases of all jobs it claims. */
    public Agent(Channel channel, int leaseSeconds, String... offers) {
        stub = FulfilmentServiceGrpc.newBlockingStub(channel);
        long asked = System.nanoTime();
        var request = RegisterAgentRequest.newBuilder().addAllOffers(List.of(offers))
            .setMaxParallel(1).setLeaseSeconds(leaseSeconds).addKinds(JobKind.PROVISION)
            .setRequestId(fresh()).build();
        session = Refusal.repeat(() -> jobs().registerAgent(request));
        leaseEnd = asked + Duration.ofSeconds(session.getLeaseSeconds()).toNanos();
    }
    // docs:end register

    public int leaseSeconds() {
        return session.getLeaseSeconds();
    }

    // docs:begin renew
    /** Extends the lease of everything the session holds. The lease counts from when it was asked
     * for, since the answer may have taken long. A job that is missing in the answer, or has become
     * another kind because its customer cancels, is not to be gone on with. */
    public RenewResponse renew() {
        long asked = System.nanoTime();
        var reply = jobs().renew(RenewRequest.newBuilder().setSession(session.getId()).build());
        synchronized (this) {
            leaseEnd = asked + Duration.ofSeconds(reply.getLeaseSeconds()).toNanos();
            boolean isHeld = reply.getJobsList().stream().anyMatch(
                job -> job.getFence() == fence && job.getKind() == JobKind.PROVISION);
            isLost |= !isHeld && claimedAt - asked < 0;
        }
        return reply;
    }

    private void keepRenewing() {
        try {
            renew();
        } catch (StatusRuntimeException error) {
            synchronized (this) {
                isLost |= !Refusal.of(error).isOpen();
            }
        }
    }

    /** Whether something new may still be begun for the job. */
    private synchronized boolean mayCreate() {
        return !isLost && System.nanoTime() - leaseEnd < 0;
    }
    // docs:end renew

    // docs:begin calls
    /** Waits for a job; there may be none within 20 seconds. */
    public Optional<ClaimedJob> claim() {
        var request = ClaimRequest.newBuilder().setSession(session.getId()).setMax(1)
            .setWaitSeconds(20).setRequestId(fresh()).build();
        var jobs = Refusal.repeat(() -> jobs().claim(request)).getJobsList();
        synchronized (this) {
            if (!jobs.isEmpty()) {
                fence = jobs.get(0).getFence();
                claimedAt = System.nanoTime();
                isLost = false;
            }
        }
        return jobs.stream().findFirst();
    }

    /** From here on the object may exist. */
    public OrderItem begin(ClaimedJob job) {
        var request = BeginRequest.newBuilder().setItem(job.getItem()).setFence(job.getFence())
            .setIntent(job.getIntent()).setRequestId(fresh()).build();
        return Refusal.repeat(() -> jobs().begin(request));
    }

    public ReportResponse report(ReportRequest request) {
        return Refusal.repeat(() -> jobs().report(request));
    }

    public OrderItem complete(ClaimedJob job, Delivery delivery) {
        var request = CompleteRequest.newBuilder().setItem(job.getItem()).setFence(job.getFence())
            .setDelivery(delivery).setRequestId(fresh()).build();
        return Refusal.repeat(() -> jobs().complete(request));
    }

    /** Asks the customer for a number. The job ends; it can be claimed again once it is answered. */
    public OrderItem ask(ClaimedJob job, String question, long minimum, long maximum) {
        var limits = IntegerParameter.newBuilder().setMinimum(minimum).setMaximum(maximum);
        var request = AskInfoRequest.newBuilder().setItem(job.getItem()).setFence(job.getFence())
            .setQuestion(question).setRequestId(fresh())
            .setExpects(Parameter.newBuilder().setId("answer").setLabel("Answer").setRequired(true)
                .setInteger(limits))
            .build();
        return Refusal.repeat(() -> jobs().askInfo(request));
    }
    // docs:end calls

    // docs:begin serve
    /** Claims and carries out jobs until so many are completed; answers how many were. Renews at a
     * third of the lease, so that a renewal may fail. */
    public int serve(Backend backend, int deliveries, List<ParameterValue> outputs) {
        var renewals = Executors.newSingleThreadScheduledExecutor();
        long beat = Duration.ofSeconds(leaseSeconds()).toMillis() / 3;
        renewals.scheduleAtFixedRate(this::keepRenewing, beat, beat, MILLISECONDS);
        int done = 0;
        try {
            while (done < deliveries) {
                var job = claim();
                if (job.isPresent() && carryOut(job.get(), backend, outputs)) {
                    done++;
                }
            }
        } finally {
            renewals.shutdownNow();
        }
        return done;
    }

    /** Whether a job was completed. */
    private boolean carryOut(ClaimedJob job, Backend backend, List<ParameterValue> outputs) {
        try {
            work(job, backend, outputs);
            return true;
        } catch (Backend.NobodyKnows error) { // the next attempt looks before it creates
            var request = FailRequest.newBuilder().setItem(job.getItem()).setFence(job.getFence())
                .setFailure(FailRequest.Failure.UNKNOWN).setReason(error.getMessage())
                .setRequestId(fresh()).build();
            Refusal.repeat(() -> jobs().fail(request));
        } catch (Lost lost) {
            return false;
        } catch (StatusRuntimeException error) {
            if (!Refusal.of(error).reason().equals("LEASE_LOST")) {
                throw error;
            }
        }
        return false; // what is lost is somebody else's now: leave it and claim again
    }

    /** Makes one object. A job that was begun before may have made it: then it is looked for. */
    private void work(ClaimedJob job, Backend backend, List<ParameterValue> outputs)
            throws Backend.NobodyKnows, Lost {
        Optional<String> made = Optional.empty();
        if (job.getPriorIntent().isEmpty()) {
            begin(job);
        } else {
            made = backend.find(job.getIntent());
        }
        if (made.isEmpty()) {
            if (!mayCreate()) {
                throw new Lost();
            }
            made = Optional.of(backend.create(job.getIntent()));
        }
        complete(job, Delivery.newBuilder().setBackendId(made.get()).addAllOutputs(outputs).build());
    }
    // docs:end serve

    // docs:begin seal
    /** Seals access details to the certificates of the job; the broker cannot open them. */
    public static ByteString seal(ClaimedJob job, byte[] plain)
            throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of("openssl", "cms", "-encrypt", "-aes-256-gcm",
            "-binary", "-outform", "DER"));
        List<Path> files = new ArrayList<>();
        try {
            for (String certificate : job.getSealToList()) {
                files.add(Files.writeString(Files.createTempFile("recipient", ".pem"), certificate));
                words.addAll(List.of("-recip", files.get(files.size() - 1).toString()));
            }
            return ByteString.copyFrom(Program.run(plain, words.toArray(String[]::new)));
        } finally {
            for (Path file : files) {
                Files.delete(file);
            }
        }
    }
    // docs:end seal
}
