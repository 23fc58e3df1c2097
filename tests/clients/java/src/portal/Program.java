package portal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Runs another program over some bytes. */
final class Program {
    private Program() { }

    // docs:begin program
    /** What a program makes of its input. The input comes from a file: who writes into a pipe while
     * nobody reads the other one waits for ever. */
    static byte[] run(byte[] input, String... words) throws IOException, InterruptedException {
        Path file = Files.createTempFile("input", "");
        try {
            Files.write(file, input);
            Process process = new ProcessBuilder(words).redirectInput(file.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
            byte[] output = process.getInputStream().readAllBytes();
            if (process.waitFor() != 0) {
                throw new IOException(words[0] + " ended with " + process.exitValue());
            }
            return output;
        } finally {
            Files.delete(file);
        }
    }
    // docs:end program
}
