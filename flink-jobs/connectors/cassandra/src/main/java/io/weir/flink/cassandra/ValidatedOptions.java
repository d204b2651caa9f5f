package io.weir.flink.cassandra;

import static io.weir.flink.cassandra.CassandraOptions.*;

import com.datastax.oss.driver.api.core.DefaultConsistencyLevel;
import io.weir.cassandra.retry.RetryPolicy;
import io.weir.cassandra.session.Secret;
import io.weir.cassandra.session.SessionConfig;
import io.weir.cassandra.session.TlsConfig;
import io.weir.cassandra.statement.WriteRequest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.source.lookup.LookupOptions;

/**
 * Turns a table's options into typed settings. The error for an invalid option names it and the
 * remedy.
 */
final class ValidatedOptions {
  /** Cassandra's MAX_TTL: 20 years. */
  private static final Duration MAX_TTL = Duration.ofSeconds(20L * 365 * 24 * 60 * 60);

  private static final List<ConfigOption<?>> TLS_DETAILS =
      List.of(
          TLS_TRUSTSTORE_PATH,
          TLS_TRUSTSTORE_PASSWORD,
          TLS_TRUSTSTORE_PASSWORD_PATH,
          TLS_TRUSTSTORE_TYPE,
          TLS_KEYSTORE_PATH,
          TLS_KEYSTORE_PASSWORD,
          TLS_KEYSTORE_PASSWORD_PATH,
          TLS_KEYSTORE_TYPE,
          TLS_HOSTNAME_VERIFICATION,
          TLS_SERVER_NAME);

  private final ReadableConfig options;
  private final Map<String, String> all;

  ValidatedOptions(ReadableConfig options) {
    this(options, Map.of());
  }

  /**
   * @param all the table's options as written, to find those with a known prefix
   */
  ValidatedOptions(ReadableConfig options, Map<String, String> all) {
    this.options = options;
    this.all = all;
  }

  SessionConfig session() {
    List<String> contactPoints = List.of(notBlank(CONTACT_POINTS).trim().split("\\s*[,;]\\s*"));
    for (String contactPoint : contactPoints) {
      try {
        SessionConfig.parseContactPoint(contactPoint);
      } catch (IllegalArgumentException e) {
        throw new ValidationException("Option 'contact-points': " + e.getMessage());
      }
    }
    Secret password = secret(PASSWORD, PASSWORD_PATH);
    String username = options.getOptional(USERNAME).orElse(null);
    if ((username == null) != (password == null)) {
      throw new ValidationException(
          "Options 'username' and 'password' (or 'password.path') belong together: give both or neither.");
    }
    return new SessionConfig(
        contactPoints,
        notBlank(LOCAL_DATACENTER),
        notBlank(KEYSPACE),
        username,
        password,
        tls(),
        positive(REQUEST_TIMEOUT));
  }

  String table() {
    return notBlank(TABLE);
  }

  DefaultConsistencyLevel writeConsistency() {
    return consistency(CONSISTENCY_WRITE, level -> !level.isSerial());
  }

  DefaultConsistencyLevel readConsistency() {
    return consistency(CONSISTENCY_READ, level -> level != DefaultConsistencyLevel.ANY);
  }

  SinkSettings sink() {
    return new SinkSettings(
        session(),
        table(),
        writeConsistency(),
        ttlSeconds(),
        options.get(SINK_IGNORE_NULLS),
        atLeast(1, SINK_MAX_IN_FLIGHT),
        atLeast(1, SINK_BATCH_MAX_SIZE),
        batchMaxBytes(),
        atLeast(1, SINK_BUFFER_MAX_SIZE),
        positive(SINK_BUFFER_MAX_TIME),
        options.get(SINK_ALLOWED_LATENESS),
        new RetryPolicy(
            atLeast(RetryPolicy.UNLIMITED, SINK_MAX_RETRIES),
            positive(SINK_BACKOFF_INITIAL),
            maxBackoff()),
        refused());
  }

  private RefusedTopic refused() {
    Map<String, String> properties = new TreeMap<>();
    all.forEach(
        (key, value) -> {
          if (key.startsWith(SINK_REFUSED_PROPERTIES)) {
            properties.put(key.substring(SINK_REFUSED_PROPERTIES.length()), value);
          }
        });
    if (options.getOptional(SINK_REFUSED_TOPIC).isEmpty()) {
      return null;
    }
    check(
        SINK_REFUSED_TOPIC,
        properties.containsKey("bootstrap.servers"),
        "it needs '" + SINK_REFUSED_PROPERTIES + "bootstrap.servers'");
    return new RefusedTopic(notBlank(SINK_REFUSED_TOPIC), properties);
  }

  LookupSettings lookup() {
    return new LookupSettings(
        options.get(LOOKUP_CACHE),
        options.get(LOOKUP_ASYNC),
        new RetryPolicy(
            atLeast(0, LOOKUP_MAX_RETRIES), Duration.ofMillis(100), Duration.ofSeconds(5)),
        reloadInterval(),
        options.get(LOOKUP_ALLOW_EMPTY_RELOAD),
        ranges());
  }

  private List<ValueRange> ranges() {
    try {
      return options.getOptional(LOOKUP_RANGES).orElse(List.of()).stream()
          .map(ValueRange::parse)
          .toList();
    } catch (IllegalArgumentException e) {
      throw new ValidationException(
          "Option '%s': %s.".formatted(LOOKUP_RANGES.key(), e.getMessage()), e);
    }
  }

  private Duration reloadInterval() {
    LookupOptions.LookupCacheType cache = options.get(LOOKUP_CACHE);
    boolean bounded =
        options.getOptional(LookupOptions.PARTIAL_CACHE_MAX_ROWS).isPresent()
            || options.getOptional(LookupOptions.PARTIAL_CACHE_EXPIRE_AFTER_WRITE).isPresent()
            || options.getOptional(LookupOptions.PARTIAL_CACHE_EXPIRE_AFTER_ACCESS).isPresent();
    if (cache == LookupOptions.LookupCacheType.PARTIAL && !bounded) {
      throw new ValidationException(
          "Option 'lookup.cache' = 'PARTIAL' needs a bound: 'lookup.partial-cache.max-rows',"
              + " 'lookup.partial-cache.expire-after-write' or 'lookup.partial-cache.expire-after-access'.");
    }
    if (cache != LookupOptions.LookupCacheType.FULL) {
      return null;
    }
    if (options.getOptional(LOOKUP_RELOAD_INTERVAL).isEmpty()) {
      throw new ValidationException(
          "Option 'lookup.cache' = 'FULL' needs '%s', for example '60 s'."
              .formatted(LOOKUP_RELOAD_INTERVAL.key()));
    }
    return positive(LOOKUP_RELOAD_INTERVAL);
  }

  private int ttlSeconds() {
    Duration ttl = options.getOptional(SINK_TTL).orElse(null);
    if (ttl == null) {
      return WriteRequest.TABLE_TTL;
    }
    check(
        SINK_TTL,
        ttl.toSeconds() >= 1 && ttl.getNano() == 0 && ttl.compareTo(MAX_TTL) <= 0,
        "give whole seconds, from 1 s to 7300 d (Cassandra's limit)");
    return (int) ttl.toSeconds();
  }

  private long batchMaxBytes() {
    long bytes = options.get(SINK_BATCH_MAX_BYTES).getBytes();
    check(SINK_BATCH_MAX_BYTES, bytes > 0, "give a positive size, for example 64kb");
    return bytes;
  }

  private Duration maxBackoff() {
    Duration max = positive(SINK_BACKOFF_MAX);
    check(
        SINK_BACKOFF_MAX,
        max.compareTo(options.get(SINK_BACKOFF_INITIAL)) >= 0,
        "it must not be shorter than 'sink.retry.backoff.initial'");
    return max;
  }

  private TlsConfig tls() {
    if (!options.get(TLS_ENABLED)) {
      for (ConfigOption<?> detail : TLS_DETAILS) {
        check(
            detail,
            options.getOptional(detail).isEmpty(),
            "it has no effect without 'tls.enabled' = 'true'");
      }
      return null;
    }
    return new TlsConfig(
        store(
            TLS_TRUSTSTORE_PATH,
            TLS_TRUSTSTORE_TYPE,
            secret(TLS_TRUSTSTORE_PASSWORD, TLS_TRUSTSTORE_PASSWORD_PATH)),
        store(
            TLS_KEYSTORE_PATH,
            TLS_KEYSTORE_TYPE,
            secret(TLS_KEYSTORE_PASSWORD, TLS_KEYSTORE_PASSWORD_PATH)),
        options.get(TLS_HOSTNAME_VERIFICATION),
        options.get(TLS_SERVER_NAME));
  }

  private TlsConfig.Store store(
      ConfigOption<String> path, ConfigOption<String> type, Secret password) {
    if (options.getOptional(path).isEmpty()) {
      if (password != null) {
        throw new ValidationException(
            "A password is given for '%s', but not the file itself.".formatted(path.key()));
      }
      return null;
    }
    return new TlsConfig.Store(notBlank(path), password, notBlank(type));
  }

  private Secret secret(ConfigOption<String> text, ConfigOption<String> file) {
    if (options.getOptional(text).isPresent() && options.getOptional(file).isPresent()) {
      throw new ValidationException(
          "Options '%s' and '%s' exclude each other: give one.".formatted(text.key(), file.key()));
    }
    return options
        .getOptional(text)
        .map(Secret::ofText)
        .orElseGet(() -> options.getOptional(file).map(Secret::ofFile).orElse(null));
  }

  private DefaultConsistencyLevel consistency(
      ConfigOption<String> option, Predicate<DefaultConsistencyLevel> suitable) {
    List<DefaultConsistencyLevel> allowed =
        Arrays.stream(DefaultConsistencyLevel.values()).filter(suitable).toList();
    return allowed.stream()
        .filter(level -> level.name().equalsIgnoreCase(options.get(option)))
        .findFirst()
        .orElseThrow(() -> invalid(option, "use one of " + allowed));
  }

  private String notBlank(ConfigOption<String> option) {
    String value = options.get(option);
    check(option, value != null && !value.isBlank(), "it must not be empty");
    return value;
  }

  private int atLeast(int minimum, ConfigOption<Integer> option) {
    int value = options.get(option);
    check(option, value >= minimum, "it must be at least " + minimum);
    return value;
  }

  private Duration positive(ConfigOption<Duration> option) {
    Duration value = options.get(option);
    check(option, value.toMillis() >= 1, "it must be at least 1 ms");
    return value;
  }

  private void check(ConfigOption<?> option, boolean good, String remedy) {
    if (!good) {
      throw invalid(option, remedy);
    }
  }

  private ValidationException invalid(ConfigOption<?> option, String remedy) {
    String value =
        option.key().contains("password") ? "given" : "'%s'".formatted(options.get(option));
    return new ValidationException("Option '%s' is %s: %s.".formatted(option.key(), value, remedy));
  }
}
