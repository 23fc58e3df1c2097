package portal;

import java.util.Optional;

// docs:begin backend
/** Where a provider makes things. */
public interface Backend {
    /** It did not answer, and may have made the object all the same. */
    final class NobodyKnows extends Exception {
        public NobodyKnows(String text) {
            super(text);
        }
    }

    /** The id of the object of this name. */
    Optional<String> find(String name) throws NobodyKnows;

    /** Makes an object of this name; answers its id. */
    String create(String name) throws NobodyKnows;
}
// docs:end backend
