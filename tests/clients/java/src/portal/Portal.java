package portal;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.grpc.Channel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import kontor.v1.Common.ParameterValue;
import kontor.v1.Common.Value;
import kontor.v1.OrderOuterClass.OrderItem;
import kontor.v1.OrderOuterClass.Question;
import kontor.v1.OrderServiceGrpc;
import kontor.v1.OrderServiceGrpc.OrderServiceBlockingStub;
import kontor.v1.OrderServiceOuterClass.AnswerQuestionRequest;
import kontor.v1.OrderServiceOuterClass.GetOrderRequest;
import kontor.v1.OrderServiceOuterClass.GetOrderResponse;
import kontor.v1.OrderServiceOuterClass.NewItem;
import kontor.v1.OrderServiceOuterClass.OpenAccessRequest;
import kontor.v1.OrderServiceOuterClass.PlaceOrderRequest;
import kontor.v1.OrderServiceOuterClass.PlaceOrderResponse;

/** Acts for customers. */
public final class Portal {
    private final OrderServiceBlockingStub stub;

    public Portal(Channel channel) {
        stub = OrderServiceGrpc.newBlockingStub(channel);
    }

    /** Whoever sets no deadline may wait for ever. */
    private OrderServiceBlockingStub orders() {
        return stub.withDeadlineAfter(10, SECONDS);
    }

    // docs:begin order
    /** A whole number a customer chose. */
    public static ParameterValue integer(String id, long number) {
        return ParameterValue.newBuilder().setId(id)
            .setValue(Value.newBuilder().setInteger(number)).build();
    }

    /** An order of one item. Its id is ours and is kept before the call: whoever does not know how a
     * call ended places the same order again, and is answered with is_replayed. */
    public static PlaceOrderRequest volumeOrder(String id, String item, String offer,
                                                List<ParameterValue> parameters) {
        return PlaceOrderRequest.newBuilder().setId(id).setProject("coast/p1")
            .addItems(NewItem.newBuilder().setId(item).setOffer(offer)
                .addAllParameters(parameters))
            .build();
    }

    public PlaceOrderResponse place(PlaceOrderRequest order) {
        return Refusal.repeat(() -> orders().placeOrder(order));
    }
    // docs:end order

    public GetOrderResponse get(String order) {
        return orders().getOrder(GetOrderRequest.newBuilder().setId(order).build());
    }

    // docs:begin answer
    /** What the provider wants to know about an order's items. */
    public Optional<Question> openQuestion(String order) {
        return get(order).getItemsList().stream()
            .flatMap(item -> item.getQuestionsList().stream())
            .filter(question -> question.getAnsweredBy().isEmpty()).findFirst();
    }

    public OrderItem answer(String item, long number) {
        var request = AnswerQuestionRequest.newBuilder().setId(item)
            .setAnswer(Value.newBuilder().setInteger(number))
            .setRequestId(UUID.randomUUID().toString()).build();
        return Refusal.repeat(() -> orders().answerQuestion(request));
    }
    // docs:end answer

    // docs:begin open
    /** How to get at what was delivered. The broker cannot read it: it is sealed to a certificate the
     * order named in seal_to, and opened by openssl with that certificate's key. */
    public byte[] openAccess(String item, Path cert, Path key)
            throws IOException, InterruptedException {
        var request = OpenAccessRequest.newBuilder().setId(item)
            .setRequestId(UUID.randomUUID().toString()).build();
        var sealed = Refusal.repeat(() -> orders().openAccess(request)).getSealed();
        return Program.run(sealed.toByteArray(), "openssl", "cms", "-decrypt", "-inform", "DER",
            "-binary", "-recip", cert.toString(), "-inkey", key.toString());
    }
    // docs:end open
}
