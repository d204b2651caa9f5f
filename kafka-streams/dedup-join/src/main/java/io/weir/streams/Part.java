package io.weir.streams;

import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One Kafka Streams application, with its failures. A failed thread is always replaced. */
final class Part {
  private static final Logger LOG = LoggerFactory.getLogger(Part.class);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(20);
  private static final long PAUSE_MILLIS = 1_000;

  /**
   * Slightly less than the pause before a thread is replaced, so that its next failure counts
   * separately.
   */
  private static final long SAME_MILLIS = PAUSE_MILLIS - 100;

  private static final long LOOK_MILLIS = 2_000;
  private static final long LEAVE_SECONDS = 5;

  /** The number at the end of a thread's name is also part of its group member's name. */
  private static final Pattern THREAD = Pattern.compile("-StreamThread-(\\d+)$");

  private final String group;
  private final List<String> inputs;
  private final String instance;
  private final StreamsConfig config;
  private final KafkaStreams streams;
  private final FailureLog failures = new FailureLog(SAME_MILLIS);
  private long lookedMillis;

  /**
   * @param input the topic that it reads
   * @param regroupings the names of its possible repartition topics, without prefix and suffix
   */
  Part(Topology topology, Properties settings, String input, List<String> regroupings) {
    config = new StreamsConfig(settings);
    instance = settings.getProperty(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
    group = config.getString(StreamsConfig.APPLICATION_ID_CONFIG);
    inputs =
        Stream.concat(
                Stream.of(input),
                regroupings.stream().map(name -> group + "-" + name + "-repartition"))
            .toList();
    streams = new KafkaStreams(topology, settings);
    streams.setUncaughtExceptionHandler(this::replaced);
  }

  void start() {
    streams.start();
  }

  KafkaStreams.State state() {
    return streams.state();
  }

  FailureLog failures() {
    return failures;
  }

  /**
   * Always replaces the thread: a broker or registry that is down comes back, and meanwhile the
   * events wait in Kafka.
   */
  private StreamThreadExceptionResponse replaced(Throwable error) {
    failures.failed(error, System.currentTimeMillis());
    LOG.error("Application {}: a thread failed and is being replaced", group, error);
    leave(Thread.currentThread().getName());
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return StreamThreadExceptionResponse.REPLACE_THREAD;
  }

  /**
   * Releases the partitions of a failed thread at once. As a static member, a thread that ends
   * keeps its partitions for a thread of the same name, but its replacement has another name.
   * Without this, the partitions would be unassigned until the session times out.
   */
  private void leave(String thread) {
    Matcher matcher = THREAD.matcher(thread);
    if (instance == null || !matcher.find()) {
      return;
    }
    MemberToRemove member = new MemberToRemove(instance + "-" + matcher.group(1));
    try (Admin admin = admin()) {
      admin
          .removeMembersFromConsumerGroup(
              group, new RemoveMembersFromConsumerGroupOptions(Set.of(member)))
          .all()
          .get(LEAVE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException | KafkaException e) {
      LOG.warn(
          "Application {}: member {} was not removed and will time out: {}",
          group,
          member,
          e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Admin admin() {
    return Admin.create(config.getAdminConfigs(group + "-watch"));
  }

  /**
   * Checks whether failed partitions have made progress. Sends no requests while there is no
   * failure.
   */
  void watch() {
    long now = System.currentTimeMillis();
    if (!failures.isOpen() || now - lookedMillis < LOOK_MILLIS) {
      return;
    }
    lookedMillis = now;
    try (Admin admin = admin()) {
      GroupOffsets offsets = GroupOffsets.of(admin, group, inputs);
      failures.look(offsets.committed(), offsets.ends(), state(), now);
    } catch (ExecutionException | TimeoutException | KafkaException e) {
      LOG.warn("Application {}: its progress is unknown: {}", group, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  void close(CloseOptions.GroupMembershipOperation membership) {
    streams.close(CloseOptions.timeout(CLOSE_TIMEOUT).withGroupMembershipOperation(membership));
  }
}
