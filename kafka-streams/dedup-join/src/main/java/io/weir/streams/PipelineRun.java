package io.weir.streams;

import io.weir.registry.RegistryConfig;
import io.weir.registry.SchemaLookup;
import io.weir.registry.SubjectRegistration;
import io.weir.streams.PipelinePlan.Aggregate;
import io.weir.streams.PipelinePlan.Output;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One pipeline in this process, from its plan until it is closed, with its rows and totals. */
final class PipelineRun {
  private static final Logger LOG = LoggerFactory.getLogger(PipelineRun.class);
  static final String LOOPING_FAILURES = "weir.looping.failures";
  private static final long ADMIN_TIMEOUT_SECONDS = 15;

  /**
   * Start attempts are frequent. Failures further apart than this, such as after a timeout, count
   * separately.
   */
  private static final long START_MILLIS = 10_000;

  private final PipelinePlan plan;
  private final String fingerprint;
  private final Properties common;
  private final Path stateFolder;
  private final Counters counters = new Counters();
  private final FailureLog starts = new FailureLog(START_MILLIS);
  private volatile List<Part> parts = List.of();
  private volatile String message = "not started yet";

  /**
   * @param fingerprint identifies the version of the plan
   * @param common settings of all pipelines in this process
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

  boolean isReady() {
    return state() == KafkaStreams.State.RUNNING && !isLooping();
  }

  boolean isBroken() {
    return state() == KafkaStreams.State.ERROR;
  }

  /** The rule and the threshold come from weir.catalog.application_state. */
  private boolean isLooping() {
    return failuresSinceProgress() >= Integer.parseInt(plan.streams().get(LOOPING_FAILURES));
  }

  private int failuresSinceProgress() {
    return logs().mapToInt(FailureLog::failuresSinceProgress).max().orElse(0);
  }

  private Stream<FailureLog> logs() {
    return Stream.concat(Stream.of(starts), parts.stream().map(Part::failures));
  }

  /** The worst state of its parts; null before they are started. */
  private KafkaStreams.State state() {
    List<KafkaStreams.State> states = parts.stream().map(Part::state).toList();
    if (states.contains(KafkaStreams.State.ERROR)) {
      return KafkaStreams.State.ERROR;
    }
    return states.stream()
        .filter(state -> state != KafkaStreams.State.RUNNING)
        .findFirst()
        .orElse(states.isEmpty() ? null : KafkaStreams.State.RUNNING);
  }

  /**
   * Starts the topology once its topics exist, and reports what is missing until then. Afterwards,
   * watches it.
   */
  void step() {
    if (!parts.isEmpty()) {
      parts.forEach(Part::watch);
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
      starts.passed();
    } catch (IOException | ExecutionException | TimeoutException | RuntimeException e) {
      message = e.toString();
      starts.failed(e, System.currentTimeMillis());
      LOG.warn("Pipeline {} cannot start yet: {}", plan.name(), message);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<String> missingTopics()
      throws ExecutionException, InterruptedException, TimeoutException {
    try (Admin admin = Admin.create(adminSettings())) {
      Set<String> existing =
          admin.listTopics().names().get(ADMIN_TIMEOUT_SECONDS, TimeUnit.SECONDS);
      OwnTopics.align(admin, existing, plan.streams());
      return PipelineTopology.topics(plan).stream()
          .filter(topic -> !existing.contains(topic))
          .toList();
    }
  }

  private Map<String, Object> adminSettings() {
    return new StreamsConfig(settings(plan.streams()))
        .getAdminConfigs("weir-" + plan.name() + "-topics");
  }

  private List<Part> started() throws IOException {
    RegistryConfig registry = RegistryConfig.of(plan.registryUrl());
    SubjectRegistration subjects = new SubjectRegistration(registry);
    Map<String, Integer> schemaIds = new HashMap<>();
    for (Output output : PipelineTopology.outputs(plan)) {
      schemaIds.put(output.subject(), subjects.register(output.subject(), output.schema()));
    }
    SchemaLookup schemas = SchemaLookup.of(registry);
    List<Part> made = new ArrayList<>();
    made.add(
        new Part(
            new PipelineTopology(plan, schemas, schemaIds, counters).build(),
            settings(plan.streams()),
            plan.source().topic(),
            List.of(PipelineTopology.BY_ID)));
    if (!plan.aggregates().isEmpty()) {
      made.add(
          new Part(
              new TotalsTopology(plan, schemas, schemaIds).build(),
              settings(plan.totalsStreams()),
              plan.rows().topic(),
              plan.aggregates().stream().map(Aggregate::name).toList()));
    }
    made.forEach(Part::start);
    LOG.info("Pipeline {} has started", plan.name());
    return List.copyOf(made);
  }

  /**
   * Commits and stops.
   *
   * @param leave whether other instances take over at once instead of waiting for this one to
   *     return
   */
  void close(boolean leave) {
    CloseOptions.GroupMembershipOperation membership =
        leave
            ? CloseOptions.GroupMembershipOperation.LEAVE_GROUP
            : CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP;
    parts.parallelStream().forEach(part -> part.close(membership));
  }

  Map<String, Object> status() {
    Map<String, Object> status = new LinkedHashMap<>();
    KafkaStreams.State state = state();
    int failures = failuresSinceProgress();
    String threads = state == null ? "WAITING" : state.name();
    String told = isLooping() ? "LOOPING" : failures > 0 ? "RESTARTING" : threads;
    status.put("state", isBroken() ? threads : told);
    status.put("threads", threads);
    boolean well = state == KafkaStreams.State.RUNNING && failures == 0;
    status.put("message", parts.isEmpty() ? message : well ? "" : lastReason());
    status.put("failures", parts.stream().mapToLong(part -> part.failures().total()).sum());
    status.put("failures_since_progress", failures);
    status.put(
        "last_failures", parts.stream().flatMap(part -> part.failures().last().stream()).toList());
    status.put("fingerprint", fingerprint);
    status.put("counters", counters.snapshot());
    status.put("join_misses", counters.missesByReference());
    return status;
  }

  /** The last failure of the part with the most failures in a row; empty if there is none. */
  private String lastReason() {
    return parts.stream()
        .map(Part::failures)
        .filter(failures -> failures.total() > 0)
        .max(Comparator.comparingInt(FailureLog::failuresSinceProgress))
        .map(FailureLog::lastReason)
        .orElse("");
  }
}
