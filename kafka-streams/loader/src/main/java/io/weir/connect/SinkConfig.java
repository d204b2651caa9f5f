package io.weir.connect;

import io.weir.cassandra.retry.RetryPolicy;
import io.weir.cassandra.session.Secret;
import io.weir.cassandra.session.SessionConfig;
import io.weir.cassandra.session.TlsConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigException;

/** The sink's settings. */
final class SinkConfig extends AbstractConfig {
  private static final String CONTACT_POINTS = "contact.points";
  private static final String DATACENTER = "local.datacenter";
  private static final String USERNAME = "username";
  private static final String PASSWORD_FILE = "password.file";
  private static final String TLS = "tls.enabled";
  private static final String TRUSTSTORE = "tls.truststore.path";
  private static final String TRUSTSTORE_PASSWORD_FILE = "tls.truststore.password.file";
  private static final String VERIFY_HOSTNAME = "tls.hostname-verification";
  private static final String SERVER_NAME = "tls.server-name";
  private static final String KEYSPACE = "keyspace";
  private static final String TABLES = "tables";
  private static final String TIMESTAMP_FIELD = "write.timestamp.field";
  private static final String TTL = "ttl.seconds";
  private static final String IGNORE_NULLS = "ignore.nulls";
  private static final String CONSISTENCY = "consistency";
  private static final String LINGER = "linger.ms";
  private static final String LINGER_TOPICS = "linger.topics";
  private static final String IN_FLIGHT = "max.in.flight.requests";
  private static final String BATCH_ROWS = "batch.max.rows";
  private static final String BATCH_BYTES = "batch.max.bytes";
  private static final String REQUEST_TIMEOUT = "request.timeout.ms";

  static final ConfigDef DEFINITION =
      new ConfigDef()
          .define(CONTACT_POINTS, Type.LIST, Importance.HIGH, "host:port of some nodes.")
          .define(DATACENTER, Type.STRING, Importance.HIGH, "The datacenter to write to.")
          .define(USERNAME, Type.STRING, null, Importance.MEDIUM, "Who writes.")
          .define(
              PASSWORD_FILE,
              Type.STRING,
              null,
              Importance.MEDIUM,
              "File on every worker that holds the password.")
          .define(TLS, Type.BOOLEAN, false, Importance.MEDIUM, "Whether to connect over TLS.")
          .define(
              TRUSTSTORE,
              Type.STRING,
              null,
              Importance.MEDIUM,
              "PKCS12 file on every worker with the certificates to trust; else the JVM's.")
          .define(
              TRUSTSTORE_PASSWORD_FILE,
              Type.STRING,
              null,
              Importance.MEDIUM,
              "File on every worker that holds its password.")
          .define(
              VERIFY_HOSTNAME,
              Type.BOOLEAN,
              true,
              Importance.LOW,
              "Whether a node's certificate must have the node's name or address.")
          .define(
              SERVER_NAME,
              Type.STRING,
              null,
              Importance.LOW,
              "The name that the certificate of every node must have; else the node's address.")
          .define(KEYSPACE, Type.STRING, Importance.HIGH, "The keyspace of all tables.")
          .define(
              TABLES, Type.LIST, Importance.HIGH, "topic:table for each topic that is consumed.")
          .define(
              TIMESTAMP_FIELD,
              Type.STRING,
              "_write_timestamp",
              Importance.HIGH,
              "The field (not a column) with the write timestamp in microseconds since 1970.")
          .define(
              TTL,
              Type.INT,
              -1,
              Range.atLeast(-1),
              Importance.LOW,
              "Time to live of each row; 0 for none, -1 for the table's default.")
          .define(
              IGNORE_NULLS,
              Type.BOOLEAN,
              true,
              Importance.LOW,
              "Whether a null leaves its column as it is instead of erasing it.")
          .define(CONSISTENCY, Type.STRING, "LOCAL_QUORUM", Importance.MEDIUM, "Of each write.")
          .define(
              LINGER,
              Type.LONG,
              0L,
              Range.atLeast(0),
              Importance.LOW,
              "How long records of linger.topics wait for newer versions of their rows.")
          .define(
              LINGER_TOPICS,
              Type.LIST,
              List.of(),
              Importance.LOW,
              "Topics whose rows change often.")
          .define(
              IN_FLIGHT,
              Type.INT,
              256,
              Range.atLeast(1),
              Importance.MEDIUM,
              "Maximum number of unanswered requests of a task.")
          .define(
              BATCH_ROWS,
              Type.INT,
              32,
              Range.atLeast(1),
              Importance.LOW,
              "Maximum number of rows of one partition in a request.")
          .define(
              BATCH_BYTES,
              Type.LONG,
              32L << 10,
              Range.atLeast(1),
              Importance.LOW,
              "Maximum bytes of values in a request.")
          .define(
              REQUEST_TIMEOUT,
              Type.INT,
              5_000,
              Range.atLeast(1),
              Importance.LOW,
              "Maximum wait for an answer before the request is sent again.");

  /** Retries without limit: meanwhile the records are safe in Kafka. */
  static final RetryPolicy RETRIES =
      new RetryPolicy(RetryPolicy.UNLIMITED, Duration.ofMillis(100), Duration.ofSeconds(5));

  SinkConfig(Map<String, String> settings) {
    super(DEFINITION, settings, false);
    tables();
    session();
  }

  SessionConfig session() {
    return new SessionConfig(
        List.copyOf(getList(CONTACT_POINTS)),
        getString(DATACENTER),
        getString(KEYSPACE),
        getString(USERNAME),
        secret(PASSWORD_FILE),
        tls(),
        Duration.ofMillis(getInt(REQUEST_TIMEOUT)));
  }

  private Secret secret(String file) {
    return getString(file) == null ? null : Secret.ofFile(getString(file));
  }

  private TlsConfig tls() {
    String truststore = getString(TRUSTSTORE);
    if (!getBoolean(TLS)) {
      if (truststore != null) {
        throw new ConfigException(TRUSTSTORE, truststore, "it has no effect without tls.enabled");
      }
      return null;
    }
    TlsConfig.Store trusted =
        truststore == null
            ? null
            : new TlsConfig.Store(truststore, secret(TRUSTSTORE_PASSWORD_FILE), "PKCS12");
    return new TlsConfig(trusted, null, getBoolean(VERIFY_HOSTNAME), getString(SERVER_NAME));
  }

  String keyspace() {
    return getString(KEYSPACE);
  }

  /** The table for each topic. */
  Map<String, String> tables() {
    Map<String, String> tables = new HashMap<>();
    for (String pair : getList(TABLES)) {
      int colon = pair.lastIndexOf(':');
      if (colon <= 0 || colon == pair.length() - 1) {
        throw new ConfigException(TABLES, pair, "write topic:table");
      }
      tables.put(pair.substring(0, colon), pair.substring(colon + 1));
    }
    return tables;
  }

  String timestampField() {
    return getString(TIMESTAMP_FIELD);
  }

  int ttlSeconds() {
    return getInt(TTL);
  }

  boolean ignoreNulls() {
    return getBoolean(IGNORE_NULLS);
  }

  String consistency() {
    return getString(CONSISTENCY);
  }

  Lingering lingering() {
    return new Lingering(getList(LINGER_TOPICS), getLong(LINGER));
  }

  int maxInFlight() {
    return getInt(IN_FLIGHT);
  }

  int batchMaxRows() {
    return getInt(BATCH_ROWS);
  }

  long batchMaxBytes() {
    return getLong(BATCH_BYTES);
  }
}
