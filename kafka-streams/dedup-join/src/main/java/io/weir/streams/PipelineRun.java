package io.weir.streams;

import io.weir.registry.RegistryConfig;
import io.weir.registry.SchemaLookup;
import io.weir.registry.SubjectRegistration;
import io.weir.streams.PipelinePlan.Output;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One pipeline in this process, from its plan until it is closed: its rows, and its totals. */
final class PipelineRun {
  private static final Logger LOG = LoggerFactory.getLogger(PipelineRun.class);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(20);
  private static final long ADMIN_TIMEOUT_SECONDS = 15;
  private static final long PAUSE_MILLIS = 1_000;

  private final PipelinePlan plan;
  private final String fingerprint;
  private final Properties common;
  private final Path stateFolder;
  private final Counters counters = new Counters();
  private volatile List<KafkaStreams> parts = List.of();
  private volatile String message = "not started yet";

  /**
   * @param fingerprint says which version of the plan this is
   * @param common settings of every pipeline of this process
   */
  PipelineRun(PipelinePlan plan, String fingerprint, Properties common, Path stateFolder) {
    this.plan = plan;
    this.fingerprint = fingerprint;
    this.common = common;
    this.stateFolder = stateFolder;
  }

  private Properties settings(Map<String, String> own) {
    Properties settings = new Properties();
    settings.putAll(own);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, stateFolder.resolve(plan.name()).toString());
    settings.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BoundedRocksDb.class);
    settings.putAll(common);
    return settings;
  }

  String fingerprint() {
    return fingerprint;
  }

  boolean isRunning() {
    return state() == KafkaStreams.State.RUNNING;
  }

  boolean isBroken() {
    return state() == KafkaStreams.State.ERROR;
  }

  /** The worst of its parts' states; null before they are started. */
  private KafkaStreams.State state() {
    List<KafkaStreams.State> states = parts.stream().map(KafkaStreams::state).toList();
    if (states.contains(KafkaStreams.State.ERROR)) {
      return KafkaStreams.State.ERROR;
    }
    return states.stream()
        .filter(state -> state != KafkaStreams.State.RUNNING)
        .findFirst()
        .orElse(states.isEmpty() ? null : KafkaStreams.State.RUNNING);
  }

  /** Starts the topology once its topics are there; until then it says what it waits for. */
  void start() {
    if (!parts.isEmpty()) {
      return;
    }
    try {
      List<String> missing = missingTopics();
      if (!missing.isEmpty()) {
        message = "waiting for the topics " + String.join(", ", missing);
        return;
      }
      parts = started();
      message = "";
    } catch (IOException | ExecutionException | TimeoutException | RuntimeException e) {
      message = e.toString();
      LOG.warn("Pipeline {} cannot be started yet: {}", plan.name(), message);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<String> missingTopics()
      throws ExecutionException, InterruptedException, TimeoutException {
    try (Admin admin = Admin.create(adminSettings())) {
      Set<String> existing =
          admin.listTopics().names().get(ADMIN_TIMEOUT_SECONDS, TimeUnit.SECONDS);
      return PipelineTopology.topics(plan).stream()
          .filter(topic -> !existing.contains(topic))
          .toList();
    }
  }

  private Map<String, Object> adminSettings() {
    return new StreamsConfig(settings(plan.streams()))
        .getAdminConfigs("weir-" + plan.name() + "-topics");
  }

  private List<KafkaStreams> started() throws IOException {
    RegistryConfig registry = RegistryConfig.of(plan.registryUrl());
    SubjectRegistration subjects = new SubjectRegistration(registry);
    Map<String, Integer> schemaIds = new HashMap<>();
    for (Output output : PipelineTopology.outputs(plan)) {
      schemaIds.put(output.subject(), subjects.register(output.subject(), output.schema()));
    }
    SchemaLookup schemas = SchemaLookup.of(registry);
    List<KafkaStreams> made = new ArrayList<>();
    made.add(
        part(new PipelineTopology(plan, schemas, schemaIds, counters).build(), plan.streams()));
    if (!plan.aggregates().isEmpty()) {
      made.add(part(new TotalsTopology(plan, schemas, schemaIds).build(), plan.totalsStreams()));
    }
    made.forEach(KafkaStreams::start);
    LOG.info("Pipeline {} is started", plan.name());
    return List.copyOf(made);
  }

  private KafkaStreams part(Topology topology, Map<String, String> own) {
    KafkaStreams made = new KafkaStreams(topology, settings(own));
    made.setUncaughtExceptionHandler(this::replaced);
    return made;
  }

  /** What is away (a broker, the registry) comes back, and the events wait in Kafka. */
  private StreamThreadExceptionResponse replaced(Throwable error) {
    LOG.error("Pipeline {}: a thread failed and is replaced", plan.name(), error);
    message = String.valueOf(error.getCause() == null ? error : error.getCause());
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return StreamThreadExceptionResponse.REPLACE_THREAD;
  }

  /**
   * Commits and stops.
   *
   * @param leave whether others shall take over at once, instead of waiting for its return
   */
  void close(boolean leave) {
    CloseOptions.GroupMembershipOperation membership =
        leave
            ? CloseOptions.GroupMembershipOperation.LEAVE_GROUP
            : CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP;
    CloseOptions options =
        CloseOptions.timeout(CLOSE_TIMEOUT).withGroupMembershipOperation(membership);
    parts.parallelStream().forEach(part -> part.close(options));
  }

  Map<String, Object> status() {
    Map<String, Object> status = new LinkedHashMap<>();
    KafkaStreams.State state = state();
    status.put("state", state == null ? "WAITING" : state.name());
    status.put("message", isRunning() ? "" : message);
    status.put("fingerprint", fingerprint);
    status.put("counters", counters.snapshot());
    return status;
  }
}
