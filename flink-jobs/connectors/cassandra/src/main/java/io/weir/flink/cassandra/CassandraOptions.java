package io.weir.flink.cassandra;

import static org.apache.flink.configuration.ConfigOptions.key;

import io.weir.cassandra.retry.RetryPolicy;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.table.connector.source.lookup.LookupOptions;
import org.apache.flink.table.factories.FactoryUtil;

/**
 * The options of {@code 'connector' = 'cassandra'}. A test compares them with the table in
 * README.md.
 */
public final class CassandraOptions {
  private static final String DEFAULT_STORE_TYPE = KeyStore.getDefaultType().toUpperCase();

  public static final ConfigOption<String> CONTACT_POINTS =
      key("contact-points")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "host:port of some nodes, separated by commas. The others are discovered. The port"
                  + " defaults to 9042.");
  public static final ConfigOption<String> LOCAL_DATACENTER =
      key("local-datacenter")
          .stringType()
          .noDefaultValue()
          .withDescription("The datacenter whose nodes are used, by its name in Cassandra.");
  public static final ConfigOption<String> KEYSPACE =
      key("keyspace")
          .stringType()
          .noDefaultValue()
          .withDescription("The keyspace, case-sensitive.");
  public static final ConfigOption<String> TABLE =
      key("table")
          .stringType()
          .noDefaultValue()
          .withDescription("The table, case-sensitive. For reading it may be a materialized view.");
  public static final ConfigOption<String> USERNAME =
      key("username").stringType().noDefaultValue().withDescription("The role to log in as.");
  public static final ConfigOption<String> PASSWORD =
      key("password")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "The role's password. It becomes part of compiled plans; prefer password.path.");
  public static final ConfigOption<String> PASSWORD_PATH =
      key("password.path")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "A file with the password, read where the job runs, such as a mounted Secret.");

  public static final ConfigOption<Boolean> TLS_ENABLED =
      key("tls.enabled")
          .booleanType()
          .defaultValue(false)
          .withDescription("Whether to connect over TLS.");
  public static final ConfigOption<String> TLS_TRUSTSTORE_PATH =
      key("tls.truststore.path")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Key store file with the certificates to trust. Without it: those of the JVM.");
  public static final ConfigOption<String> TLS_TRUSTSTORE_PASSWORD =
      key("tls.truststore.password").stringType().noDefaultValue().withDescription("Its password.");
  public static final ConfigOption<String> TLS_TRUSTSTORE_PASSWORD_PATH =
      key("tls.truststore.password.path")
          .stringType()
          .noDefaultValue()
          .withDescription("A file with its password.");
  public static final ConfigOption<String> TLS_TRUSTSTORE_TYPE =
      key("tls.truststore.type")
          .stringType()
          .defaultValue(DEFAULT_STORE_TYPE)
          .withDescription("PKCS12 or JKS.");
  public static final ConfigOption<String> TLS_KEYSTORE_PATH =
      key("tls.keystore.path")
          .stringType()
          .noDefaultValue()
          .withDescription("Key store file with the client's certificate and key, for mutual TLS.");
  public static final ConfigOption<String> TLS_KEYSTORE_PASSWORD =
      key("tls.keystore.password").stringType().noDefaultValue().withDescription("Its password.");
  public static final ConfigOption<String> TLS_KEYSTORE_PASSWORD_PATH =
      key("tls.keystore.password.path")
          .stringType()
          .noDefaultValue()
          .withDescription("A file with its password.");
  public static final ConfigOption<String> TLS_KEYSTORE_TYPE =
      key("tls.keystore.type")
          .stringType()
          .defaultValue(DEFAULT_STORE_TYPE)
          .withDescription("PKCS12 or JKS.");
  public static final ConfigOption<Boolean> TLS_HOSTNAME_VERIFICATION =
      key("tls.hostname-verification")
          .booleanType()
          .defaultValue(true)
          .withDescription("Whether a node's certificate must have the node's name or address.");
  public static final ConfigOption<String> TLS_SERVER_NAME =
      key("tls.server-name")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "The name that the certificate of every node must have. Without it: the address by"
                  + " which the node is reached.");

  public static final ConfigOption<String> CONSISTENCY_WRITE =
      key("consistency-level.write")
          .stringType()
          .defaultValue("LOCAL_QUORUM")
          .withDescription("Replicas that must confirm a write.");
  public static final ConfigOption<String> CONSISTENCY_READ =
      key("consistency-level.read")
          .stringType()
          .defaultValue("LOCAL_QUORUM")
          .withDescription("Replicas that must answer a read.");
  public static final ConfigOption<Duration> REQUEST_TIMEOUT =
      key("request-timeout")
          .durationType()
          .defaultValue(Duration.ofSeconds(5))
          .withDescription("How long one attempt of a request may take before it is retried.");

  public static final ConfigOption<Duration> SINK_TTL =
      key("sink.ttl")
          .durationType()
          .noDefaultValue()
          .withDescription("Time to live of what is written. Without it: the table's default.");
  public static final ConfigOption<Boolean> SINK_IGNORE_NULLS =
      key("sink.ignore-null-values")
          .booleanType()
          .defaultValue(false)
          .withDescription(
              "Whether a NULL leaves the column as it is (and writes no tombstone) instead of"
                  + " erasing it.");
  public static final ConfigOption<Integer> SINK_MAX_IN_FLIGHT =
      key("sink.max-in-flight-requests")
          .intType()
          .defaultValue(256)
          .withDescription("Maximum number of unanswered requests of one writer.");
  public static final ConfigOption<Integer> SINK_BATCH_MAX_SIZE =
      key("sink.batch.max-size")
          .intType()
          .defaultValue(100)
          .withDescription(
              "Maximum number of rows of one partition in a request; 1 turns batching off.");
  public static final ConfigOption<MemorySize> SINK_BATCH_MAX_BYTES =
      key("sink.batch.max-bytes")
          .memoryType()
          .defaultValue(MemorySize.parse("64kb"))
          .withDescription("Maximum bytes of values in a request.");
  public static final ConfigOption<Integer> SINK_BUFFER_MAX_SIZE =
      key("sink.buffer.max-size")
          .intType()
          .defaultValue(5000)
          .withDescription(
              "Rows with different keys after which a writer sends before sink.buffer.max-time; at"
                  + " twice as many it holds the job back.");
  public static final ConfigOption<Duration> SINK_BUFFER_MAX_TIME =
      key("sink.buffer.max-time")
          .durationType()
          .defaultValue(Duration.ofMillis(10))
          .withDescription(
              "How long a row may wait to be sent. Of the versions of a row that meet in this time"
                  + " only the newest is written: 200 ms suits aggregates that change all the"
                  + " time.");
  public static final ConfigOption<Duration> SINK_ALLOWED_LATENESS =
      key("sink.allowed-lateness")
          .durationType()
          .noDefaultValue()
          .withDescription(
              "Rows whose write timestamp lies further behind the newest one are counted as late;"
                  + " they are written like all others. Without it: nothing is counted.");
  public static final ConfigOption<Integer> SINK_MAX_RETRIES =
      key("sink.max-retries")
          .intType()
          .defaultValue(RetryPolicy.UNLIMITED)
          .withDescription(
              "Retries of a request that failed for a passing reason; -1 waits for Cassandra"
                  + " without limit.");
  public static final ConfigOption<Duration> SINK_BACKOFF_INITIAL =
      key("sink.retry.backoff.initial")
          .durationType()
          .defaultValue(Duration.ofMillis(50))
          .withDescription("The wait before the first retry, doubled for each further one.");
  public static final ConfigOption<Duration> SINK_BACKOFF_MAX =
      key("sink.retry.backoff.max")
          .durationType()
          .defaultValue(Duration.ofSeconds(5))
          .withDescription("The longest wait before a retry.");
  public static final ConfigOption<String> SINK_REFUSED_TOPIC =
      key("sink.refused.topic")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "A Kafka topic for rows that Cassandra refuses for good, such as one with a value"
                  + " that an index does not take; the producer's own settings begin with"
                  + " sink.refused.properties. Without it: such a row fails the job.");

  /** The prefix of the producer's settings. */
  static final String SINK_REFUSED_PROPERTIES = "sink.refused.properties.";

  public static final ConfigOption<Integer> SINK_PARALLELISM = FactoryUtil.SINK_PARALLELISM;

  public static final ConfigOption<LookupOptions.LookupCacheType> LOOKUP_CACHE =
      LookupOptions.CACHE_TYPE;
  public static final ConfigOption<Boolean> LOOKUP_ASYNC =
      key("lookup.async")
          .booleanType()
          .defaultValue(true)
          .withDescription("Whether NONE and PARTIAL look up without blocking. FULL never blocks.");
  public static final ConfigOption<Integer> LOOKUP_MAX_RETRIES = LookupOptions.MAX_RETRIES;
  public static final ConfigOption<Duration> LOOKUP_RELOAD_INTERVAL =
      LookupOptions.FULL_CACHE_PERIODIC_RELOAD_INTERVAL;
  public static final ConfigOption<Boolean> LOOKUP_ALLOW_EMPTY_RELOAD =
      key("lookup.full-cache.allow-empty-reload")
          .booleanType()
          .defaultValue(false)
          .withDescription(
              "Whether an empty table may replace a copy that has rows. Otherwise the old copy"
                  + " stays, and it is counted.");

  public static final ConfigOption<List<String>> LOOKUP_RANGES =
      key("lookup.full-cache.ranges")
          .stringType()
          .asList()
          .noDefaultValue()
          .withDescription(
              "What values may be, as 'column:first..last' separated by ';': bytes of a text or a"
                  + " blob, days of a date, milliseconds of a timestamp. A row with another one is"
                  + " left out, and counted.");

  private CassandraOptions() {}

  static List<ConfigOption<?>> required() {
    return List.of(CONTACT_POINTS, LOCAL_DATACENTER, KEYSPACE, TABLE);
  }

  static List<ConfigOption<?>> optional() {
    return List.of(
        USERNAME,
        PASSWORD,
        PASSWORD_PATH,
        TLS_ENABLED,
        TLS_TRUSTSTORE_PATH,
        TLS_TRUSTSTORE_PASSWORD,
        TLS_TRUSTSTORE_PASSWORD_PATH,
        TLS_TRUSTSTORE_TYPE,
        TLS_KEYSTORE_PATH,
        TLS_KEYSTORE_PASSWORD,
        TLS_KEYSTORE_PASSWORD_PATH,
        TLS_KEYSTORE_TYPE,
        TLS_HOSTNAME_VERIFICATION,
        TLS_SERVER_NAME,
        CONSISTENCY_WRITE,
        CONSISTENCY_READ,
        REQUEST_TIMEOUT,
        SINK_TTL,
        SINK_IGNORE_NULLS,
        SINK_MAX_IN_FLIGHT,
        SINK_BATCH_MAX_SIZE,
        SINK_BATCH_MAX_BYTES,
        SINK_BUFFER_MAX_SIZE,
        SINK_BUFFER_MAX_TIME,
        SINK_ALLOWED_LATENESS,
        SINK_MAX_RETRIES,
        SINK_BACKOFF_INITIAL,
        SINK_BACKOFF_MAX,
        SINK_REFUSED_TOPIC,
        SINK_PARALLELISM,
        LOOKUP_CACHE,
        LOOKUP_ASYNC,
        LOOKUP_MAX_RETRIES,
        LookupOptions.PARTIAL_CACHE_EXPIRE_AFTER_ACCESS,
        LookupOptions.PARTIAL_CACHE_EXPIRE_AFTER_WRITE,
        LookupOptions.PARTIAL_CACHE_CACHE_MISSING_KEY,
        LookupOptions.PARTIAL_CACHE_MAX_ROWS,
        LOOKUP_RELOAD_INTERVAL,
        LOOKUP_ALLOW_EMPTY_RELOAD,
        LOOKUP_RANGES);
  }
}
