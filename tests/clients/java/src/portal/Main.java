package portal;

import static java.util.concurrent.TimeUnit.SECONDS;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import kontor.v1.Common.ParameterValue;
import kontor.v1.Common.Position;
import kontor.v1.Common.Value;
import kontor.v1.FulfilmentServiceOuterClass.ClaimedJob;
import kontor.v1.FulfilmentServiceOuterClass.ReportRequest;
import kontor.v1.OrderOuterClass.Delivery;
import kontor.v1.OrderOuterClass.OrderItem;
import kontor.v1.OrderServiceOuterClass.PlaceOrderRequest;
import kontor.v1.RegistryServiceGrpc;
import kontor.v1.RegistryServiceOuterClass.WhoAmIRequest;

/**
 * Plays the scenario of tests/clients against a broker and says, in one line of JSON a step, whether
 * each ended as it should.
 *
 * <p>portal.Main ADDRESS CERTIFICATES CERTIFICATES-OF-STRANGERS SCENARIO ORDER LANGUAGE
 */
public final class Main {
    private static final Gson JSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

    /** One kind of step. */
    private interface Operation {
        Map<String, Object> run(String who, Fields request) throws Exception;
    }

    /** What a step asks for. */
    private record Fields(JsonObject object) {
        String text(String name) {
            return object.has(name) ? object.get(name).getAsString() : "";
        }

        int number(String name) {
            return object.has(name) ? object.get(name).getAsInt() : 0;
        }

        long wide(String name) {
            return Long.parseLong(text(name));
        }
    }

    /** Where a watch stood, and how many changes it had seen. */
    private record Saved(Position after, int n) { }

    /** A watch and all it saw. */
    private static final class Watching {
        final OrderWatch watch;
        final List<String> seen = new ArrayList<>();
        Position after;
        String order = "";
        String item = "";

        Watching(OrderWatch watch) {
            this.watch = watch;
        }

        /** Whether there was another step. */
        boolean read() {
            OrderWatch.Step step = watch.next();
            if (step == null) {
                return false;
            }
            after = step.after();
            for (var change : step.changes()) {
                seen.add(change.getSeq() + " " + change.getKind() + " " + change.getId() + " "
                    + change.getOp());
                order = change.hasOrder() ? change.getOrder().getState().name() : order;
                item = change.hasItem() ? change.getItem().getState().name() : item;
            }
            return true;
        }

        int repeats() {
            return seen.size() - new HashSet<>(seen).size();
        }
    }

    /** A backend whose first answers get lost. It would make a second object of one name. */
    private static final class Shelf implements Backend {
        final Map<String, String> made = new HashMap<>();
        int lostAnswers;
        int created;
        int found;

        @Override
        public Optional<String> find(String name) {
            found += made.containsKey(name) ? 1 : 0;
            return Optional.ofNullable(made.get(name));
        }

        @Override
        public String create(String name) throws NobodyKnows {
            created++;
            made.put(name, "object-" + name);
            if (lostAnswers-- > 0) {
                throw new NobodyKnows("the backend did not answer");
            }
            return made.get(name);
        }
    }

    private final String address;
    private final String language;
    private final Path ca;
    private final Map<String, Path> paths;
    private final Map<String, Connection> connections = new HashMap<>();
    private final Map<String, Watching> watches = new HashMap<>();
    private final Map<String, Saved> positions = new HashMap<>();
    private final Map<String, ClaimedJob> jobs = new HashMap<>();
    private final Map<String, String> ids = new HashMap<>();
    private final Map<String, Long> reports = new HashMap<>();
    private final BufferedReader stdin = new BufferedReader(new InputStreamReader(System.in));
    private Agent agent;

    private final Map<String, Operation> operations = Map.ofEntries(
        Map.entry("whoami", this::whoAmI), Map.entry("get", this::get),
        Map.entry("place", this::place), Map.entry("plan", this::plan),
        Map.entry("watch", this::watch), Map.entry("see", this::see),
        Map.entry("resume", this::resume), Map.entry("question", this::question),
        Map.entry("answer", this::answer), Map.entry("open", this::open),
        Map.entry("register", this::register), Map.entry("claim", this::claim),
        Map.entry("ask", this::ask), Map.entry("begin", this::begin),
        Map.entry("renew", this::renew), Map.entry("report", this::report),
        Map.entry("complete", this::complete), Map.entry("serve", this::serve),
        Map.entry("kill", this::kill));

    private Main(String address, Path certs, Path strangers, String language) {
        this.address = address;
        this.language = language;
        ca = certs.resolve("alpine/ca.pem");
        paths = Map.of("portal", certs.resolve("coast/portal"), "agent", certs.resolve("alpine/agent"),
            "stranger", strangers.resolve("coast/portal"));
    }

    private static synchronized void say(Map<String, ?> line) {
        System.out.println(JSON.toJson(line));
        System.out.flush();
    }

    // ---- Who calls ----

    private Path file(String who, String kind) {
        return Path.of(paths.get(who) + kind);
    }

    private Channel channel(String who) throws IOException {
        if (!connections.containsKey(who)) {
            connections.put(who, new Connection(address, ca.toFile(), file(who, ".pem").toFile(),
                file(who, ".key").toFile()));
        }
        return connections.get(who).channel();
    }

    private Portal portal(String who) throws IOException {
        return new Portal(channel(who));
    }

    // ---- What messages say ----

    private static String text(Value value) {
        return value.hasText() ? value.getText() : Long.toString(value.getInteger());
    }

    private static Map<String, String> texts(List<ParameterValue> values) {
        Map<String, String> plain = new HashMap<>();
        values.forEach(each -> plain.put(each.getId(), text(each.getValue())));
        return plain;
    }

    private static List<ParameterValue> madeBy(String language) {
        return List.of(ParameterValue.newBuilder().setId("made_by")
            .setValue(Value.newBuilder().setText(language)).build());
    }

    private static Map<String, Object> state(OrderItem item) {
        return answered("state", item.getState().name());
    }

    private static Map<String, Object> answered(Object... pairs) {
        Map<String, Object> plain = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            plain.put((String) pairs[i], pairs[i + 1]);
        }
        return plain;
    }

    // ---- The customer's side ----

    private Map<String, Object> whoAmI(String who, Fields request) throws IOException {
        var reply = RegistryServiceGrpc.newBlockingStub(channel(who)).withDeadlineAfter(20, SECONDS)
            .whoAmI(WhoAmIRequest.getDefaultInstance());
        return answered("registered", reply.getIsRegistered(), "principal", reply.getPrincipal(),
            "roles", reply.getRolesList().stream().map(Enum::name).toList());
    }

    private PlaceOrderRequest order(String who, Fields request) throws IOException {
        List<ParameterValue> parameters = new ArrayList<>();
        for (JsonElement each : request.object().getAsJsonArray("parameters")) {
            var given = new Fields(each.getAsJsonObject());
            parameters.add(Portal.integer(given.text("id"), given.wide("integer")));
        }
        var order = Portal.volumeOrder(request.text("order"), request.text("item"),
            request.text("offer"), parameters);
        return request.object().has("seal")
            ? order.toBuilder().addSealTo(Files.readString(file(who, ".pem"))).build() : order;
    }

    private Map<String, Object> place(String who, Fields request) throws IOException {
        var reply = portal(who).place(order(who, request));
        return answered("replayed", reply.getIsReplayed(), "state", reply.getOrder().getState().name());
    }

    private Map<String, Object> plan(String who, Fields request) throws IOException {
        var order = order(who, request).toBuilder().setValidateOnly(true).build();
        var plan = portal(who).place(order).getPlan();
        var total = plan.getTotals(0).getAmount();
        return answered("provider", plan.getItems(0).getProvider(),
            "total", total.getUnits() + " " + total.getCurrency());
    }

    private Map<String, Object> get(String who, Fields request) throws IOException {
        var reply = portal(who).get(request.text("order"));
        var item = reply.getItems(0);
        return answered("order_state", reply.getOrder().getState().name(),
            "item_state", item.getState().name(), "parameters", texts(item.getParametersList()),
            "milestones", List.copyOf(item.getMilestonesList()),
            "backend_id", item.getDelivery().getBackendId(),
            "outputs", texts(item.getDelivery().getOutputsList()));
    }

    private Watching watching(String who, Fields request, Position after, boolean follow)
            throws IOException {
        return new Watching(new OrderWatch(channel(who), request.text("order"), after, follow));
    }

    private Map<String, Object> watch(String who, Fields request) throws IOException {
        watches.put(request.text("watch"),
            watching(who, request, Position.getDefaultInstance(), true));
        return answered();
    }

    /** Reads on until order and item stand where they should. */
    private Map<String, Object> see(String who, Fields request) {
        Watching live = watches.get(request.text("watch"));
        while (!live.order.equals(request.text("order_state"))
                || !live.item.equals(request.text("item_state"))) {
            live.read();
        }
        positions.put(request.text("save"), new Saved(live.after, live.seen.size()));
        return answered("repeats", live.repeats());
    }

    /** Watches again from a position that was kept: what comes is what came after it before. */
    private Map<String, Object> resume(String who, Fields request) throws IOException {
        Saved saved = positions.get(request.text("after"));
        Watching again = watching(who, request, saved.after(), false);
        while (again.read()) {
            continue;
        }
        List<String> live = watches.get(request.text("watch")).seen;
        long missing = live.stream().skip(saved.n()).filter(line -> !again.seen.contains(line)).count();
        long old = live.stream().limit(saved.n()).filter(again.seen::contains).count();
        return answered("missing", missing, "repeats", again.repeats() + old,
            "order_state", again.order);
    }

    private Map<String, Object> question(String who, Fields request) throws IOException {
        var question = portal(who).openQuestion(request.text("order")).orElseThrow();
        var limits = question.getExpects().getInteger();
        return answered("question", question.getText(),
            "minimum", limits.hasMinimum() ? Long.toString(limits.getMinimum()) : null,
            "maximum", limits.hasMaximum() ? Long.toString(limits.getMaximum()) : null,
            "default", limits.hasDefaultInteger() ? limits.getDefaultInteger() : null);
    }

    private Map<String, Object> answer(String who, Fields request) throws IOException {
        return state(portal(who).answer(request.text("item"), request.wide("answer")));
    }

    private Map<String, Object> open(String who, Fields request) throws Exception {
        byte[] plain = portal(who).openAccess(request.text("item"), file(who, ".pem"),
            file(who, ".key"));
        return answered("access", new String(plain));
    }

    // ---- The provider's side ----

    private Map<String, Object> register(String who, Fields request) throws IOException {
        agent = new Agent(channel(who), request.number("lease_seconds"), request.text("offer"));
        return answered("lease_seconds", agent.leaseSeconds());
    }

    private Map<String, Object> claim(String who, Fields request) {
        ClaimedJob job = agent.claim().orElseThrow();
        jobs.put(request.text("job"), job);
        return answered("item", job.getItem(), "kind", job.getKind().name(),
            "prior_intent", job.getPriorIntent(), "parameters", texts(job.getParametersList()),
            "answers", job.getQuestionsList().stream().map(each -> text(each.getAnswer())).toList());
    }

    private ClaimedJob job(Fields request) {
        return jobs.get(request.text("job"));
    }

    private Map<String, Object> ask(String who, Fields request) {
        return state(agent.ask(job(request), request.text("question"), request.wide("minimum"),
            request.wide("maximum")));
    }

    private Map<String, Object> begin(String who, Fields request) {
        return state(agent.begin(job(request)));
    }

    private Map<String, Object> renew(String who, Fields request) {
        return answered("held", agent.renew().getJobsList().stream().map(job -> job.getItem()).toList());
    }

    /** Says it under a request_id of a name, so that a later step can say it again. */
    private Map<String, Object> report(String who, Fields request) {
        String name = request.text("id");
        ids.computeIfAbsent(name, key -> UUID.randomUUID().toString());
        var reply = agent.report(ReportRequest.newBuilder().setItem(job(request).getItem())
            .setFence(job(request).getFence()).setMilestone(request.text("milestone"))
            .setNote(request.text("note")).setProgress(request.number("progress"))
            .setRequestId(ids.get(name)).build());
        Long before = reports.put(name, reply.getSeq());
        return answered("same", before != null && before == reply.getSeq());
    }

    private Map<String, Object> complete(String who, Fields request) throws Exception {
        var delivery = Delivery.newBuilder().setBackendId(request.text("backend_id"))
            .addAllOutputs(madeBy(request.text("made_by")));
        if (request.object().has("access")) {
            delivery.setSealed(Agent.seal(job(request), request.text("access").getBytes()));
        }
        return state(agent.complete(job(request), delivery.build()));
    }

    private Map<String, Object> serve(String who, Fields request) {
        Shelf backend = new Shelf();
        backend.lostAnswers = request.number("lost_answers");
        int completed = agent.serve(backend, request.number("deliveries"), madeBy(language));
        return answered("created", backend.created, "found", backend.found, "completed", completed);
    }

    /** The broker is killed by whoever started this program, and started again when the next call has
     * seen that it is away. */
    private Map<String, Object> kill(String who, Fields request) throws IOException {
        say(Map.of("wants", "kill"));
        stdin.readLine();
        return answered();
    }

    // ---- Playing ----

    private static Map<String, Object> refused(StatusRuntimeException error) {
        Refusal refusal = Refusal.of(error);
        return answered("status", refusal.status().name(), "reason", refusal.reason(),
            "fields", refusal.fields(), "metadata", List.copyOf(refusal.metadata().keySet()),
            "message", error.getMessage());
    }

    private Map<String, Object> run(JsonObject step) throws Exception {
        JsonObject request = step.has("request") ? step.getAsJsonObject("request") : new JsonObject();
        try {
            Map<String, Object> got = operations.get(step.get("op").getAsString())
                .run(step.get("who").getAsString(), new Fields(request));
            got.put("status", "OK");
            return got;
        } catch (StatusRuntimeException error) {
            return refused(error);
        }
    }

    /** What is expected and did not come; of the metadata the names are looked for. */
    private static List<String> compare(JsonObject expect, Map<String, Object> reply) {
        JsonObject got = JSON.toJsonTree(reply).getAsJsonObject();
        List<String> differs = new ArrayList<>();
        for (var each : expect.entrySet()) {
            JsonElement found = got.get(each.getKey());
            boolean isRight = each.getKey().equals("metadata")
                ? found != null && each.getValue().getAsJsonArray().asList().stream()
                    .allMatch(found.getAsJsonArray()::contains)
                : each.getValue().equals(found);
            if (!isRight) {
                differs.add(each.getKey() + " is not " + each.getValue() + "; all of it: " + got);
            }
        }
        return differs;
    }

    private boolean play(Path scenario, String order) throws Exception {
        String words = Files.readString(scenario).replace("$order", order)
            .replace("$language", language);
        boolean isRight = true;
        for (JsonElement each : JSON.fromJson(words, JsonObject.class).getAsJsonArray("steps")) {
            JsonObject step = each.getAsJsonObject();
            List<String> differs = compare(step.getAsJsonObject("expect"), run(step));
            say(answered("step", step.get("step").getAsString(), "ok", differs.isEmpty(),
                "differs", differs));
            isRight &= differs.isEmpty();
        }
        watches.values().forEach(each -> each.watch.close());
        connections.values().forEach(Connection::close);
        return isRight;
    }

    /** See above. */
    public static void main(String[] words) throws Exception {
        if (words.length != 6) {
            System.err.println(
                "usage: portal.Main ADDRESS CERTIFICATES STRANGERS SCENARIO ORDER LANGUAGE");
            System.exit(2);
        }
        Refusal.onRetry = refusal -> say(Map.of("retry", refusal.status().name()));
        var main = new Main(words[0], Path.of(words[1]), Path.of(words[2]), words[5]);
        System.exit(main.play(Path.of(words[3]), words[4]) ? 0 : 1);
    }
}
