package io.weir.cassandra.session;

import static com.datastax.oss.driver.api.core.config.DefaultDriverOption.*;

import com.datastax.dse.driver.api.core.config.DseDriverOption;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.CqlSessionBuilder;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import java.time.Duration;
import java.util.List;

/** Opens driver sessions with settings for stream processing. */
final class SessionFactory {
  private SessionFactory() {}

  static CqlSession open(SessionConfig config) {
    CqlSessionBuilder builder =
        CqlSession.builder()
            // Use this class's loader, not the context class loader of the calling thread.
            .withClassLoader(SessionFactory.class.getClassLoader())
            .withConfigLoader(driverConfig(config))
            .withLocalDatacenter(config.localDatacenter())
            .addContactPoints(
                config.contactPoints().stream().map(SessionConfig::parseContactPoint).toList());
    if (config.username() != null) {
      builder.withAuthCredentials(config.username(), config.password().reveal());
    }
    if (config.tls() != null) {
      builder.withSslEngineFactory(
          new NamedSslEngineFactory(
              config.tls().sslContext(), config.tls().serverName(), config.tls().verifyHostname()));
    }
    return builder.build();
  }

  private static DriverConfigLoader driverConfig(SessionConfig config) {
    return DriverConfigLoader.programmaticBuilder(SessionFactory.class.getClassLoader())
        .withString(SESSION_NAME, "weir-" + config.keyspace())
        .withDuration(REQUEST_TIMEOUT, config.requestTimeout())
        .withBoolean(RESOLVE_CONTACT_POINTS, false)
        // Several writers share a connection, and each limits its own requests.
        .withInt(CONNECTION_MAX_REQUESTS, 8192)
        // After an outage, requests that timed out must not make the driver close the connection.
        .withInt(CONNECTION_MAX_ORPHAN_REQUESTS, 2048)
        // The driver's default of 1 s to 60 s would delay a job long after a node is back.
        .withDuration(RECONNECTION_BASE_DELAY, Duration.ofMillis(200))
        .withDuration(RECONNECTION_MAX_DELAY, Duration.ofSeconds(5))
        .withDuration(HEARTBEAT_INTERVAL, Duration.ofSeconds(10))
        .withStringList(METADATA_SCHEMA_REFRESHED_KEYSPACES, List.of(config.keyspace()))
        .withDuration(METADATA_SCHEMA_REQUEST_TIMEOUT, Duration.ofSeconds(20))
        .withBoolean(NETTY_DAEMON, true)
        // Long enough for the last notifications, short enough not to delay the end of a job.
        .withString(NETTY_IO_SHUTDOWN_UNIT, "MILLISECONDS")
        .withInt(NETTY_IO_SHUTDOWN_QUIET_PERIOD, 100)
        .withInt(NETTY_IO_SHUTDOWN_TIMEOUT, 2000)
        .withString(NETTY_ADMIN_SHUTDOWN_UNIT, "MILLISECONDS")
        .withInt(NETTY_ADMIN_SHUTDOWN_QUIET_PERIOD, 100)
        .withInt(NETTY_ADMIN_SHUTDOWN_TIMEOUT, 2000)
        .withBoolean(DseDriverOption.MONITOR_REPORTING_ENABLED, false)
        .build();
  }
}
