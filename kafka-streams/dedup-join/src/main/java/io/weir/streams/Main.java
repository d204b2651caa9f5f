package io.weir.streams;

import java.io.IOException;
import java.io.Reader;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.streams.StreamsConfig;

/** The entry point: runs until SIGTERM. */
public final class Main {
  private static final long STEP_MILLIS = 300;
  private static final String USAGE =
      "Usage: --plans FOLDER --state FOLDER --bootstrap-servers HOST:PORT --listen HOST:PORT"
          + " [--properties FILE] [--property NAME=VALUE ...]";

  private Main() {}

  /**
   * @param arguments see the usage; {@code --property} sets one Kafka Streams property, and {@code
   *     --properties} names a file with more, such as the Kafka credentials
   * @throws IOException if the listen address is in use
   * @throws InterruptedException if its thread is interrupted
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Properties settings = new Properties();
    Map<String, String> given = parse(arguments, settings);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, required(given, "bootstrap-servers"));
    Runner runner =
        new Runner(Path.of(required(given, "plans")), Path.of(required(given, "state")), settings);
    CountDownLatch asked = new CountDownLatch(1);
    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(asked, main)));
    StatusServer server = new StatusServer(address(required(given, "listen")), runner);
    do {
      runner.step();
    } while (!asked.await(STEP_MILLIS, TimeUnit.MILLISECONDS));
    runner.close();
    server.close();
  }

  /** Delays the end of the JVM until the pipelines are closed. */
  private static void end(CountDownLatch asked, Thread main) {
    asked.countDown();
    try {
      main.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static Map<String, String> parse(String[] arguments, Properties settings) throws IOException {
    Map<String, String> given = new HashMap<>();
    List<String> left = List.of(arguments);
    if (left.size() % 2 != 0) {
      throw new IllegalArgumentException(USAGE);
    }
    for (int i = 0; i < left.size(); i += 2) {
      String name = left.get(i).replaceFirst("^--", "");
      String value = left.get(i + 1);
      if (name.equals("property")) {
        int equals = value.indexOf('=');
        settings.put(value.substring(0, equals), value.substring(equals + 1));
      } else if (name.equals("properties")) {
        try (Reader file = Files.newBufferedReader(Path.of(value))) {
          settings.load(file);
        }
      } else {
        given.put(name, value);
      }
    }
    return given;
  }

  private static String required(Map<String, String> given, String name) {
    String value = given.get(name);
    if (value == null) {
      throw new IllegalArgumentException("--" + name + " is missing. " + USAGE);
    }
    return value;
  }

  private static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    return new InetSocketAddress(
        text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
  }
}
