package io.weir.streams;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the pipelines of the plans in a folder, one file each. It starts new files, restarts changed
 * ones and stops removed ones. All state is in Kafka and the state folder.
 */
final class Runner {
  private static final Logger LOG = LoggerFactory.getLogger(Runner.class);
  private static final String SUFFIX = ".json";

  private final Path plans;
  private final Path stateFolder;
  private final Properties common;

  /** Concurrent, because the status is read during a step, which may take long. */
  private final Map<String, PipelineRun> runs = new ConcurrentSkipListMap<>();

  private final Map<String, String> refused = new ConcurrentSkipListMap<>();

  /**
   * @param common Kafka Streams settings for all pipelines; they override those of a plan
   */
  Runner(Path plans, Path stateFolder, Properties common) {
    this.plans = plans;
    this.stateFolder = stateFolder;
    this.common = common;
  }

  /** Compares the folder with the running pipelines, and starts or stops pipelines to match it. */
  synchronized void step() {
    Map<String, String> wanted = read();
    for (String name : runs.keySet().toArray(String[]::new)) {
      String text = wanted.get(name);
      if (text == null || !fingerprint(text).equals(runs.get(name).fingerprint())) {
        LOG.info("Pipeline {} is {}", name, text == null ? "stopped" : "restarted");
        runs.get(name).close(text == null);
        runs.remove(name);
      }
    }
    refused.keySet().retainAll(wanted.keySet());
    wanted.forEach(this::ensure);
  }

  private void ensure(String name, String text) {
    PipelineRun run = runs.get(name);
    if (run == null) {
      try {
        PipelinePlan plan = PipelinePlan.parse(text);
        run = new PipelineRun(plan, fingerprint(text), common, stateFolder);
      } catch (IOException | RuntimeException e) {
        refused.put(name, String.valueOf(e.getMessage()));
        return;
      }
      refused.remove(name);
      runs.put(name, run);
    }
    run.step();
  }

  private Map<String, String> read() {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> files = Files.list(plans)) {
      for (Path file : files.filter(path -> path.toString().endsWith(SUFFIX)).toList()) {
        String name = file.getFileName().toString();
        found.put(name.substring(0, name.length() - SUFFIX.length()), Files.readString(file));
      }
    } catch (IOException e) {
      throw new IllegalStateException("The plans in " + plans + " cannot be read", e);
    }
    return found;
  }

  /** The SHA-256 of a plan's text, in hexadecimal. */
  static String fingerprint(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Stops everything; the partitions stay reserved for this instance's return. */
  synchronized void close() {
    runs.values().parallelStream().forEach(run -> run.close(false));
    runs.clear();
  }

  /** For each pipeline: its state, what it waits for, the version of its plan, and its counters. */
  Map<String, Map<String, Object>> status() {
    Map<String, Map<String, Object>> status = new LinkedHashMap<>();
    runs.forEach((name, run) -> status.put(name, run.status()));
    refused.forEach((name, why) -> status.put(name, Map.of("state", "REFUSED", "message", why)));
    return status;
  }

  boolean isReady() {
    return refused.isEmpty() && runs.values().stream().allMatch(PipelineRun::isReady);
  }

  boolean isBroken() {
    return runs.values().stream().anyMatch(PipelineRun::isBroken);
  }
}
